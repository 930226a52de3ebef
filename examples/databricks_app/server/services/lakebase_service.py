"""The preferences of a user. Every statement is bound to the user's id."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from server.lib.database import Lakebase
from server.lib.errors import ApiError
from server.models.user_preference import NewPreference, StoredPreference, normalized


class LakebaseService:
    """The preferences of one user.

    Everything here raises `ApiError` with 503 DATABASE_UNAVAILABLE.
    """

    def __init__(self, lakebase: Lakebase, user_id: str) -> None:
        self._lakebase = lakebase
        self._user_id = user_id

    async def preferences(self, *, limit: int, offset: int) -> Sequence[StoredPreference]:
        """A page, the oldest first: what is added goes to the end and moves no other."""
        page = (
            select(StoredPreference)
            .where(StoredPreference.user_id == self._user_id)
            .order_by(StoredPreference.id)
            .limit(limit)
            .offset(offset)
        )
        async with self._lakebase.transaction() as session:
            return (await session.scalars(page)).all()

    async def save(self, new: NewPreference) -> StoredPreference:
        """Store a value under its key, in place of an older one. In one statement: the last to write wins."""
        values = {"preference_value": new.preference_value}
        upsert = (
            insert(StoredPreference)
            .values(user_id=self._user_id, preference_key=new.preference_key, **values)
            .on_conflict_do_update(
                index_elements=["user_id", "preference_key"], set_={**values, "updated_at": func.now()}
            )
            .returning(StoredPreference)
        )
        async with self._lakebase.transaction() as session:
            return (await session.scalars(upsert)).one()

    async def remove(self, key: str) -> None:
        """Delete a preference.

        Raises:
            ApiError: 404 PREFERENCE_NOT_FOUND.
        """
        # Keys are stored as they are normalized. NUL is in none, and PostgreSQL would not even take it.
        found = 0
        if "\0" not in key:
            removal = delete(StoredPreference).where(
                StoredPreference.user_id == self._user_id, StoredPreference.preference_key == normalized(key)
            )
            async with self._lakebase.transaction() as session:
                found = len((await session.scalars(removal.returning(StoredPreference.id))).all())
        if not found:
            raise ApiError(404, "PREFERENCE_NOT_FOUND", "There is no preference of this key.")
