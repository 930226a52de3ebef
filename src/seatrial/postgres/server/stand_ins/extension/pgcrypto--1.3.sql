-- A seatrial stand-in: those functions of pgcrypto that PostgreSQL's own can express. The others say so.
\echo Use "CREATE EXTENSION pgcrypto" to load this file. \quit

-- PostgreSQL has no SHA-1 of its own. Straight from FIPS 180-4; 64-bit integers keep the additions free of overflow.
CREATE FUNCTION seatrial_sha1(message bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog
AS $$
DECLARE
    low CONSTANT bigint := 4294967295;
    size CONSTANT int := length(message);
    padded bytea := message || '\x80'::bytea
        || decode(repeat('00', (119 - size % 64) % 64), 'hex') || int8send(size::bigint * 8);
    h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    w bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; x bigint;
BEGIN
    FOR block IN 0 .. length(padded) / 64 - 1 LOOP
        FOR t IN 0 .. 79 LOOP
            IF t < 16 THEN
                x := ('x' || encode(substring(padded, block * 64 + t * 4 + 1, 4), 'hex'))::bit(32)::bigint;
            ELSE
                x := w[t - 3] # w[t - 8] # w[t - 14] # w[t - 16];
                x := ((x << 1) | (x >> 31)) & low;
            END IF;
            w[t] := x;
        END LOOP;
        a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
        FOR t IN 0 .. 79 LOOP
            IF t < 20 THEN f := (b & c) | ((b # low) & d); k := 1518500249;
            ELSIF t < 40 THEN f := b # c # d; k := 1859775393;
            ELSIF t < 60 THEN f := (b & c) | (b & d) | (c & d); k := 2400959708;
            ELSE f := b # c # d; k := 3395469782;
            END IF;
            x := ((((a << 5) | (a >> 27)) & low) + f + e + k + w[t]) & low;
            e := d; d := c; c := ((b << 30) | (b >> 2)) & low; b := a; a := x;
        END LOOP;
        h := ARRAY[(h[1] + a) & low, (h[2] + b) & low, (h[3] + c) & low, (h[4] + d) & low, (h[5] + e) & low];
    END LOOP;
    RETURN substring(int8send(h[1]), 5) || substring(int8send(h[2]), 5) || substring(int8send(h[3]), 5)
        || substring(int8send(h[4]), 5) || substring(int8send(h[5]), 5);
END
$$;

CREATE FUNCTION seatrial_unsupported(what text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
        MESSAGE = format('%s is not in the seatrial stand-in for pgcrypto', what),
        HINT = 'Remove pgcrypto from stand_ins and use a PostgreSQL that has it (a bin folder, or an external server).';
END
$$;

CREATE FUNCTION digest(data bytea, type text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE lower(type)
    WHEN 'md5' THEN decode(md5(data), 'hex')
    WHEN 'sha1' THEN seatrial_sha1(data)
    WHEN 'sha224' THEN sha224(data)
    WHEN 'sha256' THEN sha256(data)
    WHEN 'sha384' THEN sha384(data)
    WHEN 'sha512' THEN sha512(data)
    ELSE seatrial_unsupported(format('The hash algorithm %L', type))
END;

CREATE FUNCTION digest(data text, type text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN digest(convert_to(data, 'UTF8'), type);

CREATE FUNCTION seatrial_pad(key bytea, size int, mask int) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog
AS $$
DECLARE
    padded bytea := key || decode(repeat('00', size - length(key)), 'hex');
BEGIN
    FOR place IN 0 .. size - 1 LOOP
        padded := set_byte(padded, place, get_byte(padded, place) # mask);
    END LOOP;
    RETURN padded;
END
$$;

CREATE FUNCTION hmac(data bytea, key bytea, type text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT digest(seatrial_pad(short, size, 92) || digest(seatrial_pad(short, size, 54) || data, type), type)
    FROM (SELECT size, CASE WHEN length(key) > size THEN digest(key, type) ELSE key END AS short
        FROM (SELECT CASE WHEN lower(type) IN ('sha384', 'sha512') THEN 128 ELSE 64 END AS size) AS block) AS parts;
END;

CREATE FUNCTION hmac(data text, key text, type text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN hmac(convert_to(data, 'UTF8'), convert_to(key, 'UTF8'), type);

CREATE FUNCTION gen_random_uuid() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN pg_catalog.gen_random_uuid();

CREATE FUNCTION gen_random_bytes(count int) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE SET search_path = pg_catalog
AS $$
DECLARE
    bytes bytea := '';
BEGIN
    IF count < 1 OR count > 1024 THEN
        RAISE EXCEPTION USING ERRCODE = 'external_routine_invocation_exception', MESSAGE = 'Length not in range';
    END IF;
    WHILE length(bytes) < count LOOP
        bytes := bytes || sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    END LOOP;
    RETURN substring(bytes, 1, count);
END
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'crypt(text, text) text', 'gen_salt(text) text', 'gen_salt(text, int) text',
        'encrypt(bytea, bytea, text) bytea', 'decrypt(bytea, bytea, text) bytea',
        'encrypt_iv(bytea, bytea, bytea, text) bytea', 'decrypt_iv(bytea, bytea, bytea, text) bytea',
        'pgp_sym_encrypt(text, text) bytea', 'pgp_sym_encrypt(text, text, text) bytea',
        'pgp_sym_encrypt_bytea(bytea, text) bytea', 'pgp_sym_encrypt_bytea(bytea, text, text) bytea',
        'pgp_sym_decrypt(bytea, text) text', 'pgp_sym_decrypt(bytea, text, text) text',
        'pgp_sym_decrypt_bytea(bytea, text) bytea', 'pgp_sym_decrypt_bytea(bytea, text, text) bytea',
        'pgp_pub_encrypt(text, bytea) bytea', 'pgp_pub_encrypt(text, bytea, text) bytea',
        'pgp_pub_encrypt_bytea(bytea, bytea) bytea', 'pgp_pub_encrypt_bytea(bytea, bytea, text) bytea',
        'pgp_pub_decrypt(bytea, bytea) text', 'pgp_pub_decrypt(bytea, bytea, text) text',
        'pgp_pub_decrypt(bytea, bytea, text, text) text', 'pgp_pub_decrypt_bytea(bytea, bytea) bytea',
        'pgp_pub_decrypt_bytea(bytea, bytea, text) bytea', 'pgp_pub_decrypt_bytea(bytea, bytea, text, text) bytea',
        'pgp_key_id(bytea) text', 'pgp_armor_headers(text) text',
        'armor(bytea) text', 'armor(bytea, text[], text[]) text', 'dearmor(text) bytea'
    ] LOOP
        EXECUTE format(
            'CREATE FUNCTION %s) RETURNS %s LANGUAGE sql VOLATILE PARALLEL SAFE RETURN %s::%s',
            split_part(signature, ')', 1), split_part(signature, ') ', 2),
            CASE WHEN signature LIKE '%) text'
                THEN format('encode(seatrial_unsupported(%L), ''hex'')', split_part(signature, '(', 1))
                ELSE format('seatrial_unsupported(%L)', split_part(signature, '(', 1)) END,
            split_part(signature, ') ', 2));
    END LOOP;
END
$$;
