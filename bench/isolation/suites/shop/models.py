"""The twelve tables of `suites.models` as Django models."""

from django.db import models


class Stamped(models.Model):
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Company(Stamped):
    slug = models.TextField(unique=True)
    name = models.TextField(db_index=True)


class Sailor(Stamped):
    company = models.ForeignKey(Company, models.CASCADE)
    email = models.TextField(unique=True)
    active = models.BooleanField(default=True)


class Rank(models.Model):
    name = models.TextField(unique=True)


class SailorRank(models.Model):
    sailor = models.ForeignKey(Sailor, models.CASCADE)
    rank = models.ForeignKey(Rank, models.CASCADE)


class Ship(Stamped):
    company = models.ForeignKey(Company, models.CASCADE)
    name = models.TextField()
    notes = models.TextField(null=True)  # noqa: DJ001 - as in the other models


class Voyage(Stamped):
    ship = models.ForeignKey(Ship, models.CASCADE)
    captain = models.ForeignKey(Sailor, models.CASCADE, null=True)
    destination = models.TextField()
    state = models.TextField(db_index=True)


class LogEntry(Stamped):
    voyage = models.ForeignKey(Voyage, models.CASCADE)
    text = models.TextField()


class Flag(models.Model):
    company = models.ForeignKey(Company, models.CASCADE)
    name = models.TextField()

    class Meta:
        unique_together = (("company", "name"),)


class VoyageFlag(models.Model):
    voyage = models.ForeignKey(Voyage, models.CASCADE)
    flag = models.ForeignKey(Flag, models.CASCADE)


class Invoice(Stamped):
    company = models.ForeignKey(Company, models.CASCADE)
    total = models.DecimalField(max_digits=12, decimal_places=2)


class InvoiceLine(models.Model):
    invoice = models.ForeignKey(Invoice, models.CASCADE)
    amount = models.DecimalField(max_digits=12, decimal_places=2)


class Event(Stamped):
    company = models.ForeignKey(Company, models.CASCADE, null=True)
    action = models.TextField(db_index=True)
