-- What a database needs to pass for one of Redshift's. Run once in each, as superuser, in one transaction, before the first client.
-- No literal here may hold a backslash: the sessions that run these functions take it for an escape.
-- Helpers live in the schema `redshift`, what Redshift's users see in pg_catalog.
SET LOCAL allow_system_table_mods = on;
SET LOCAL client_min_messages = error;
CREATE SCHEMA redshift;
GRANT USAGE ON SCHEMA redshift TO PUBLIC;

CREATE DOMAIN redshift.super AS jsonb;

-- VARCHAR(n) counts bytes, CHAR(n) takes single bytes only. PostgreSQL counts characters, so each table gets one CHECK for each width it has,
-- made here so that CREATE TABLE ... LIKE, AS and ALTER TABLE need no thought. (A domain a width would be tidier and costs 150 us a row of
-- 126 parameters, this 7 us.) The constraint's name tells the error translator the type.
CREATE FUNCTION redshift.keep_widths() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE command record; changes text;
BEGIN
  FOR command IN SELECT DISTINCT c.objid FROM pg_event_trigger_ddl_commands() c JOIN pg_class r ON r.oid = c.objid AND r.relkind IN ('r', 'p')
                 WHERE c.command_tag IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE') LOOP
    WITH wanted AS (
      SELECT 'rs_' || y.typname || '_' || a.atttypmod - 4 AS name, array_agg(a.attnum ORDER BY a.attnum) AS places,
             CASE y.typname WHEN 'varchar' THEN 'greatest(' || string_agg(format('octet_length(%I)', a.attname), ', ') || ') <= ' || a.atttypmod - 4
             ELSE string_agg(format('octet_length(%1$I::text) = char_length(%1$I::text)', a.attname), ' AND ') END AS test
      FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid AND y.typname IN ('varchar', 'bpchar')
      WHERE a.attrelid = command.objid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypmod > 4 GROUP BY y.typname, a.atttypmod
    ), present AS (
      SELECT conname AS name, (SELECT array_agg(k ORDER BY k) FROM unnest(conkey) k) AS places FROM pg_constraint
      WHERE conrelid = command.objid AND contype = 'c' AND conname ~ '^rs_(varchar|bpchar)_[0-9]+$'
    )
    SELECT string_agg(change, ', ' ORDER BY change DESC) INTO changes FROM (
      SELECT format('DROP CONSTRAINT %I', p.name) AS change FROM present p LEFT JOIN wanted w USING (name) WHERE w.places IS DISTINCT FROM p.places
      UNION ALL
      SELECT format('ADD CONSTRAINT %I CHECK (%s)', w.name, w.test) FROM wanted w LEFT JOIN present p USING (name)
      WHERE w.places IS DISTINCT FROM p.places) c;
    CONTINUE WHEN changes IS NULL;
    EXECUTE format('ALTER TABLE %s %s', command.objid::regclass, changes);
  END LOOP;
END $$;
CREATE EVENT TRIGGER redshift_widths ON ddl_command_end EXECUTE FUNCTION redshift.keep_widths();

CREATE FUNCTION redshift.version() RETURNS text LANGUAGE sql IMMUTABLE AS
  $$SELECT 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.77467'::text$$;
CREATE FUNCTION redshift.sysdate() RETURNS timestamp LANGUAGE sql STABLE AS $$SELECT now() AT TIME ZONE current_setting('TimeZone')$$;
CREATE FUNCTION redshift.refuse(code text, complaint text, more text DEFAULT NULL) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = code, MESSAGE = complaint, DETAIL = coalesce(more, ' ');
END $$;
CREATE FUNCTION pg_catalog.getdate() RETURNS timestamp LANGUAGE sql STABLE AS
  $$SELECT date_trunc('second', statement_timestamp() AT TIME ZONE current_setting('TimeZone'))$$;
CREATE FUNCTION pg_catalog.pg_last_query_id() RETURNS bigint LANGUAGE sql VOLATILE AS
  $$SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::bigint$$;
CREATE FUNCTION pg_catalog.len(value text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$SELECT char_length(value)$$;

-- SUPER holds 64-bit integers and doubles, and strings up to 65,535 bytes.
CREATE FUNCTION redshift.super_number(value jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT SET extra_float_digits = 1 AS $$
DECLARE exact numeric := (value #>> '{}')::numeric;
BEGIN
  IF exact = trunc(exact) AND exact BETWEEN -9223372036854775808 AND 9223372036854775807 AND value::text !~ '[.eE]' THEN RETURN value; END IF;
  RETURN to_jsonb(exact::double precision);
END $$;
CREATE FUNCTION redshift.super_string(value jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE held text := value #>> '{}';
BEGIN
  IF octet_length(held) <= 65535 THEN RETURN value; END IF;
  IF coalesce(nullif(current_setting('redshift.json_parse_truncate_strings', true), ''), 'off')::boolean THEN
    RETURN to_jsonb(left(held, 65535 / 4));  -- however wide its characters are
  END IF;
  PERFORM redshift.refuse('XX000', 'String value exceeds the max size of 65535 bytes');
  RETURN NULL;
END $$;
CREATE FUNCTION redshift.super_value(value jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
  CASE jsonb_typeof(value)
    WHEN 'object' THEN RETURN (SELECT coalesce(jsonb_object_agg(e.key, redshift.super_value(e.value)), '{}') FROM jsonb_each(value) e);
    WHEN 'array' THEN
      RETURN (SELECT coalesce(jsonb_agg(redshift.super_value(e.value) ORDER BY e.n), '[]')
              FROM jsonb_array_elements(value) WITH ORDINALITY e(value, n));
    WHEN 'number' THEN RETURN redshift.super_number(value);
    WHEN 'string' THEN RETURN redshift.super_string(value);
    ELSE RETURN value;
  END CASE;
END $$;
-- The walk is dear, and most texts need none: only a number of 17 signs and more, or with an exponent, can change.
CREATE FUNCTION pg_catalog.json_parse(value text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN octet_length(value) > 65535 OR value ~ '(?:^|[[:space:]:,[])-?[0-9](?:[-+0-9.eE]{16}|[0-9.]*[eE])'
    THEN redshift.super_value(value::jsonb) ELSE value::jsonb END $$;
CREATE FUNCTION pg_catalog.json_serialize(value jsonb) RETURNS character varying LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  CASE jsonb_typeof(value)
    WHEN 'object' THEN
      RETURN (SELECT '{' || coalesce(string_agg(to_json(e.key)::text || ':' || json_serialize(e.value), ','), '') || '}' FROM jsonb_each(value) e);
    WHEN 'array' THEN
      RETURN (SELECT '[' || coalesce(string_agg(json_serialize(e.value), ',' ORDER BY e.n), '') || ']'
              FROM jsonb_array_elements(value) WITH ORDINALITY e(value, n));
    ELSE RETURN value::text;
  END CASE;
END $$;
CREATE FUNCTION pg_catalog.can_json_parse(value text) RETURNS boolean LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
  PERFORM json_parse(value);
  RETURN true;
EXCEPTION WHEN OTHERS THEN RETURN false;
END $$;
CREATE FUNCTION pg_catalog.is_valid_json(value text) RETURNS boolean LANGUAGE sql STABLE AS $$SELECT can_json_parse(value)$$;
CREATE FUNCTION pg_catalog.json_typeof(value jsonb) RETURNS character varying LANGUAGE sql IMMUTABLE AS $$SELECT jsonb_typeof(value)$$;
CREATE FUNCTION pg_catalog.json_extract_path_text(value text, VARIADIC path text[]) RETURNS character varying LANGUAGE sql STABLE AS
  $$SELECT coalesce(value::jsonb #>> path, '')$$;

-- The unit comes quoted from the translator: dateadd(day, ...) reads dateadd('day', ...) here.
CREATE FUNCTION redshift.dateadd(unit text, amount bigint, moment timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS
  $$SELECT moment + amount * ('1 ' || unit)::interval$$;
CREATE FUNCTION redshift.datediff(unit text, early timestamp, late timestamp) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE lower(unit)
    WHEN 'year' THEN extract(year FROM late) - extract(year FROM early)
    WHEN 'month' THEN (extract(year FROM late) - extract(year FROM early)) * 12 + extract(month FROM late) - extract(month FROM early)
    WHEN 'week' THEN extract(epoch FROM date_trunc('week', late) - date_trunc('week', early)) / 604800
    WHEN 'microsecond' THEN extract(epoch FROM late - early) * 1000000
    WHEN 'millisecond' THEN extract(epoch FROM date_trunc('millisecond', late) - date_trunc('millisecond', early)) * 1000
    ELSE extract(epoch FROM date_trunc(unit, late) - date_trunc(unit, early)) / extract(epoch FROM ('1 ' || unit)::interval)
  END::bigint $$;

-- DISTKEY, SORTKEY, DISTSTYLE and ENCODE ride in a comment of the statement, /*redshift:HEX-OF-JSON*/, and are kept here for the views.
CREATE TABLE redshift.table_attributes (relid oid PRIMARY KEY, diststyle text, distkey text, sortkey text[], encodings jsonb);
CREATE FUNCTION redshift.keep_attributes() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE command record; found text[]; wanted jsonb;
BEGIN
  IF current_query() !~ '/[*]redshift:[0-9a-f]+[*]/' THEN RETURN; END IF;
  FOR command IN SELECT c.objid, r.relname FROM pg_event_trigger_ddl_commands() c JOIN pg_class r ON r.oid = c.objid
                 WHERE c.command_tag IN ('CREATE TABLE', 'CREATE TABLE AS', 'ALTER TABLE') LOOP
    FOR found IN SELECT regexp_matches(current_query(), '/[*]redshift:([0-9a-f]+)[*]/', 'g') LOOP
      wanted := convert_from(decode(found[1], 'hex'), 'UTF8')::jsonb;
      CONTINUE WHEN wanted->>'table' <> command.relname;
      INSERT INTO redshift.table_attributes AS a
      VALUES (command.objid, wanted->>'diststyle', wanted->>'distkey',
              (SELECT array_agg(k) FROM jsonb_array_elements_text(coalesce(nullif(wanted->'sortkey', 'null'), '[]')) k), wanted->'encodings')
      ON CONFLICT (relid) DO UPDATE SET diststyle = coalesce(excluded.diststyle, a.diststyle), distkey = coalesce(excluded.distkey, a.distkey),
        sortkey = coalesce(excluded.sortkey, a.sortkey), encodings = coalesce(a.encodings, '{}') || coalesce(excluded.encodings, '{}');
    END LOOP;
  END LOOP;
END $$;
CREATE EVENT TRIGGER redshift_attributes ON ddl_command_end EXECUTE FUNCTION redshift.keep_attributes();

CREATE FUNCTION redshift.count_rows(relation oid) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE rows bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM %s', relation::regclass) INTO rows;
  RETURN rows;
END $$;

CREATE VIEW redshift.columns AS
SELECT n.nspname, n.oid AS nspoid, c.relname, c.oid AS relid, c.relkind, a.attname, a.attnum, a.attnotnull, x.shown, x.width, x.precision, x.scale,
       pg_get_expr(d.adbin, d.adrelid) AS default_text, t.sortkey, t.distkey, t.diststyle, t.encodings
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'v', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('redshift', 'pg_toast')
JOIN pg_type y ON y.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN redshift.table_attributes t ON t.relid = c.oid
CROSS JOIN LATERAL (SELECT
  CASE WHEN y.typname IN ('text', 'varchar') THEN 'character varying' WHEN y.typname = 'bpchar' THEN 'character'
       WHEN y.typname IN ('super', 'jsonb') THEN 'super'
       ELSE format_type(y.oid, NULL) END AS shown,
  CASE WHEN y.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4
       WHEN y.typname IN ('text', 'varchar') THEN 65535 END AS width,
  CASE y.typname WHEN 'int2' THEN 16 WHEN 'int4' THEN 32 WHEN 'int8' THEN 64 WHEN 'float4' THEN 24 WHEN 'float8' THEN 53
       WHEN 'numeric' THEN CASE WHEN a.atttypmod >= 4 THEN ((a.atttypmod - 4) >> 16) & 65535 ELSE 38 END END AS precision,
  CASE WHEN y.typname IN ('int2', 'int4', 'int8') THEN 0
       WHEN y.typname = 'numeric' AND a.atttypmod >= 4 THEN (a.atttypmod - 4) & 2047 END AS scale) x;
GRANT SELECT ON redshift.columns, redshift.table_attributes TO PUBLIC;

CREATE VIEW pg_catalog.svv_columns AS
SELECT current_database()::varchar AS table_catalog, nspname::varchar AS table_schema, relname::varchar AS table_name,
       attname::varchar AS column_name, attnum::integer AS ordinal_position, default_text::varchar AS column_default,
       (CASE WHEN attnotnull THEN 'NO' ELSE 'YES' END)::varchar AS is_nullable, shown::varchar AS data_type, width AS character_maximum_length,
       precision AS numeric_precision, NULL::integer AS numeric_precision_radix, scale AS numeric_scale, NULL::integer AS datetime_precision,
       NULL::varchar AS interval_type, NULL::varchar AS interval_precision, NULL::varchar AS character_set_catalog,
       NULL::varchar AS character_set_schema, NULL::varchar AS character_set_name, NULL::varchar AS collation_catalog,
       NULL::varchar AS collation_schema, NULL::varchar AS collation_name, NULL::varchar AS domain_name, NULL::varchar AS remarks
FROM redshift.columns;
CREATE VIEW pg_catalog.svv_tables AS
SELECT current_database()::varchar AS table_catalog, n.nspname::varchar AS table_schema, c.relname::varchar AS table_name,
       (CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'BASE TABLE' END)::varchar AS table_type, obj_description(c.oid, 'pg_class')::varchar AS remarks
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'p') AND n.nspname NOT IN ('redshift', 'pg_toast');
CREATE VIEW pg_catalog.pg_table_def AS
SELECT nspname AS schemaname, relname AS tablename, attname AS "column",
       CASE WHEN width IS NOT NULL THEN shown || '(' || width || ')' WHEN shown = 'numeric' THEN 'numeric(' || precision || ',' || coalesce(scale, 0) || ')'
            ELSE shown END AS type,
       coalesce(encodings->>attname::text, CASE WHEN attname = ANY (sortkey) OR shown IN ('boolean', 'real', 'double precision', 'super') THEN 'none'
                WHEN shown LIKE 'char%' THEN 'lzo' ELSE 'az64' END) AS encoding,
       coalesce(attname = distkey, false) AS distkey, coalesce(array_position(sortkey, attname::text), 0) AS sortkey, attnotnull AS notnull
FROM redshift.columns WHERE relkind IN ('r', 'p') AND pg_table_is_visible(relid) AND attnum > 0;
-- Like Redshift's: a table without rows does not show.
CREATE VIEW pg_catalog.svv_table_info AS
SELECT current_database()::text AS database, n.nspname::text AS schema, c.oid AS table_id, c.relname::text AS "table", 'Y'::text AS encoded,
       coalesce(CASE WHEN t.distkey IS NOT NULL THEN 'KEY(' || t.distkey || ')' ELSE t.diststyle END, 'AUTO(ALL)') AS diststyle,
       coalesce(t.sortkey[1], 'AUTO(SORTKEY)') AS sortkey1, coalesce(cardinality(t.sortkey), 0) AS sortkey_num, s.rows::numeric(38, 0) AS tbl_rows,
       s.rows::numeric(38, 0) AS estimated_visible_rows
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN redshift.table_attributes t ON t.relid = c.oid
CROSS JOIN LATERAL (SELECT redshift.count_rows(c.oid) AS rows) s
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('redshift', 'pg_catalog', 'information_schema', 'pg_toast') AND s.rows > 0;
CREATE VIEW pg_catalog.stv_db_isolation_level AS
SELECT datname::text AS db_name, 'Snapshot Isolation'::text AS isolation_level FROM pg_database;
GRANT SELECT ON pg_catalog.svv_columns, pg_catalog.svv_tables, pg_catalog.pg_table_def, pg_catalog.svv_table_info,
  pg_catalog.stv_db_isolation_level TO PUBLIC;
