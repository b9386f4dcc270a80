# ruff: noqa: E501 - one signature a line
"""The functions of GoogleSQL that are one DuckDB expression: signature, result and template, one a line.

This table is the truth about what is supported; the generated documentation prints it. The notation is explained in
`signatures.py`; functions that need more than a template are in `calls.py`. `wt_…` names are in `macros.py` and
`natives.py`.
"""

from __future__ import annotations

from functools import cache

from fakes.bigquery.sql.signatures import Signature, read

SCALAR = r"""
# conditional
COALESCE(T...) T = coalesce({*})
IFNULL(T, T) T = coalesce({0}, {1})
NULLIF(T, T) T = nullif({0}, {1})
GREATEST(T...) T = wt_greatest([{*}])
LEAST(T...) T = wt_least([{*}])
ERROR(STRING) NULL = error({0})

# strings
LENGTH(STRING) INT64 = length({0})
LENGTH(BYTES) INT64 = octet_length({0})
CHAR_LENGTH(STRING) INT64 = length({0})
CHARACTER_LENGTH(STRING) INT64 = length({0})
BYTE_LENGTH(STRING) INT64 = octet_length(encode({0}))
BYTE_LENGTH(BYTES) INT64 = octet_length({0})
OCTET_LENGTH(STRING) INT64 = octet_length(encode({0}))
OCTET_LENGTH(BYTES) INT64 = octet_length({0})
UPPER(STRING) STRING = upper({0})
LOWER(STRING) STRING = lower({0})
CONCAT(STRING, STRING...) STRING = wt_concat([{*}])
CONCAT(BYTES, BYTES...) BYTES = ({0||})
TRIM(STRING) STRING = wt_trim({0})
TRIM(STRING, STRING) STRING = trim({0}, {1})
LTRIM(STRING) STRING = wt_ltrim({0})
LTRIM(STRING, STRING) STRING = ltrim({0}, {1})
RTRIM(STRING) STRING = wt_rtrim({0})
RTRIM(STRING, STRING) STRING = rtrim({0}, {1})
SUBSTR(STRING, INT64, [INT64]) STRING = wt_substr{n}({*})
SUBSTR(BYTES, INT64, [INT64]) BYTES = wt_bytes_substr({0}, {1}, {2?})
SUBSTRING(STRING, INT64, [INT64]) STRING = wt_substr{n}({*})
SUBSTRING(BYTES, INT64, [INT64]) BYTES = wt_bytes_substr({0}, {1}, {2?})
LEFT(STRING, INT64) STRING = wt_left({0}, {1})
RIGHT(STRING, INT64) STRING = wt_right({0}, {1})
REPLACE(STRING, STRING, STRING) STRING = CASE WHEN {1} = '' THEN {0} ELSE replace({0}, {1}, {2}) END
REVERSE(STRING) STRING = wt_reverse({0})
REPEAT(STRING, INT64) STRING = wt_repeat({0}, {1})
LPAD(STRING, INT64) STRING = lpad({0}, CAST({1} AS INTEGER), ' ')
LPAD(STRING, INT64, STRING) STRING = lpad({0}, CAST({1} AS INTEGER), {2})
RPAD(STRING, INT64) STRING = rpad({0}, CAST({1} AS INTEGER), ' ')
RPAD(STRING, INT64, STRING) STRING = rpad({0}, CAST({1} AS INTEGER), {2})
STARTS_WITH(STRING, STRING) BOOL = starts_with({0}, {1})
ENDS_WITH(STRING, STRING) BOOL = suffix({0}, {1})
STRPOS(STRING, STRING) INT64 = strpos({0}, {1})
INSTR(STRING, STRING) INT64 = strpos({0}, {1})
INSTR(STRING, STRING, INT64) INT64 = wt_instr({0}, {1}, {2}, 1)
INSTR(STRING, STRING, INT64, INT64) INT64 = wt_instr({0}, {1}, {2}, {3})
CONTAINS_SUBSTR(STRING, STRING) BOOL = contains(lower(nfc_normalize({0})), lower(nfc_normalize({1})))
SPLIT(STRING, [STRING]) ARRAY<STRING> = wt_split({0}, {1?','})
INITCAP(STRING) STRING = wt_initcap({0}, NULL)
INITCAP(STRING, STRING) STRING = wt_initcap({0}, {1})
TRANSLATE(STRING, STRING, STRING) STRING = wt_translate({0}, {1}, {2})
ASCII(STRING) INT64 = wt_ascii({0})
UNICODE(STRING) INT64 = wt_unicode({0})
CHR(INT64) STRING = wt_chr({0})
TO_CODE_POINTS(STRING) ARRAY<INT64> = wt_code_points({0})
TO_CODE_POINTS(BYTES) ARRAY<INT64> = wt_byte_points({0})
CODE_POINTS_TO_STRING(ARRAY<INT64>) STRING = wt_points_text({0})
CODE_POINTS_TO_BYTES(ARRAY<INT64>) BYTES = wt_points_bytes({0})
SOUNDEX(STRING) STRING = wt_soundex({0})
COLLATE(STRING, STRING) STRING = wt_collate({0}, {1})
EDIT_DISTANCE(STRING, STRING) INT64 = levenshtein({0}, {1})
FORMAT_STRING(STRING) STRING = {0}
SAFE_CONVERT_BYTES_TO_STRING(BYTES) STRING = wt_bytes_text({0})
REGEXP_CONTAINS(STRING, STRING) BOOL = regexp_matches({0}, {1})
REGEXP_EXTRACT(STRING, STRING) STRING = wt_regexp_extract({0}, {1}, 1, 1)
REGEXP_EXTRACT(STRING, STRING, INT64) STRING = wt_regexp_extract({0}, {1}, {2}, 1)
REGEXP_EXTRACT(STRING, STRING, INT64, INT64) STRING = wt_regexp_extract({0}, {1}, {2}, {3})
REGEXP_SUBSTR(STRING, STRING) STRING = wt_regexp_extract({0}, {1}, 1, 1)
REGEXP_SUBSTR(STRING, STRING, INT64) STRING = wt_regexp_extract({0}, {1}, {2}, 1)
REGEXP_SUBSTR(STRING, STRING, INT64, INT64) STRING = wt_regexp_extract({0}, {1}, {2}, {3})
REGEXP_EXTRACT_ALL(STRING, STRING) ARRAY<STRING> = wt_regexp_extract_all({0}, {1})
REGEXP_INSTR(STRING, STRING) INT64 = wt_regexp_instr({0}, {1}, 1, 1, 0)
REGEXP_INSTR(STRING, STRING, INT64) INT64 = wt_regexp_instr({0}, {1}, {2}, 1, 0)
REGEXP_INSTR(STRING, STRING, INT64, INT64) INT64 = wt_regexp_instr({0}, {1}, {2}, {3}, 0)
REGEXP_INSTR(STRING, STRING, INT64, INT64, INT64) INT64 = wt_regexp_instr({0}, {1}, {2}, {3}, {4})
REGEXP_REPLACE(STRING, STRING, STRING) STRING = regexp_replace({0}, {1}, {2}, 'g')

# hashes and encodings
MD5(STRING) BYTES = unhex(md5({0}))
MD5(BYTES) BYTES = unhex(md5({0}))
SHA1(STRING) BYTES = unhex(sha1({0}))
SHA1(BYTES) BYTES = unhex(sha1({0}))
SHA256(STRING) BYTES = unhex(sha256({0}))
SHA256(BYTES) BYTES = unhex(sha256({0}))
SHA512(STRING) BYTES = wt_sha512(encode({0}))
SHA512(BYTES) BYTES = wt_sha512({0})
FARM_FINGERPRINT(STRING) INT64 = wt_farm(encode({0}))
FARM_FINGERPRINT(BYTES) INT64 = wt_farm({0})
TO_HEX(BYTES) STRING = lower(hex({0}))
FROM_HEX(STRING) BYTES = wt_from_hex({0})
TO_BASE64(BYTES) STRING = to_base64({0})
FROM_BASE64(STRING) BYTES = wt_from_base64({0})
TO_BASE32(BYTES) STRING = wt_to_base32({0})
FROM_BASE32(STRING) BYTES = wt_from_base32({0})
GENERATE_UUID() STRING = wt_uuid($seed)

# numbers
ABS(INT64) INT64 = abs({0})
ABS(NUMERIC) NUMERIC = abs({0})
ABS(BIGNUMERIC) BIGNUMERIC = abs({0})
ABS(FLOAT64) FLOAT64 = abs({0})
SIGN(INT64) INT64 = CAST(sign({0}) AS BIGINT)
SIGN(NUMERIC) NUMERIC = CAST(sign({0}) AS DECIMAL(38,9))
SIGN(BIGNUMERIC) BIGNUMERIC = CAST(sign({0}) AS DECIMAL(38,18))
SIGN(FLOAT64) FLOAT64 = CAST(sign({0}) AS DOUBLE)
IS_INF(FLOAT64) BOOL = isinf({0})
IS_NAN(FLOAT64) BOOL = isnan({0})
ROUND(FLOAT64) FLOAT64 = round({0})
ROUND(FLOAT64, INT64) FLOAT64 = wt_round({0}, {1})
ROUND(NUMERIC) NUMERIC = CAST(round({0}, 0) AS DECIMAL(38,9))
ROUND(NUMERIC, INT64) NUMERIC = wt_numeric_round({0}, {1})
ROUND(NUMERIC, INT64, STRING) NUMERIC = wt_numeric_round_mode({0}, {1}, {2})
ROUND(BIGNUMERIC) BIGNUMERIC = CAST(round({0}, 0) AS DECIMAL(38,18))
TRUNC(FLOAT64) FLOAT64 = trunc({0})
TRUNC(FLOAT64, INT64) FLOAT64 = wt_trunc({0}, {1})
TRUNC(NUMERIC) NUMERIC = wt_numeric_trunc({0}, 0)
TRUNC(NUMERIC, INT64) NUMERIC = wt_numeric_trunc({0}, {1})
CEIL(FLOAT64) FLOAT64 = ceil({0})
CEIL(NUMERIC) NUMERIC = CAST(ceil({0}) AS DECIMAL(38,9))
CEILING(FLOAT64) FLOAT64 = ceil({0})
CEILING(NUMERIC) NUMERIC = CAST(ceil({0}) AS DECIMAL(38,9))
FLOOR(FLOAT64) FLOAT64 = floor({0})
FLOOR(NUMERIC) NUMERIC = CAST(floor({0}) AS DECIMAL(38,9))
MOD(INT64, INT64) INT64 = wt_mod({0}, {1})
MOD(NUMERIC, NUMERIC) NUMERIC = wt_mod({0}, {1})
MOD(BIGNUMERIC, BIGNUMERIC) BIGNUMERIC = wt_mod({0}, {1})
DIV(INT64, INT64) INT64 = wt_div({0}, {1})
DIV(NUMERIC, NUMERIC) NUMERIC = CAST(wt_numeric_trunc(wt_numeric_divide({0}, {1}), 0) AS DECIMAL(38,9))
IEEE_DIVIDE(FLOAT64, FLOAT64) FLOAT64 = wt_ieee_divide({0}, {1})
SAFE_DIVIDE(FLOAT64, FLOAT64) FLOAT64 = CASE WHEN {1} = 0 THEN NULL ELSE wt_divide({0}, {1}) END
SAFE_DIVIDE(NUMERIC, NUMERIC) NUMERIC = CASE WHEN {1} = 0 THEN NULL ELSE wt_numeric_divide({0}, {1}) END
SAFE_ADD(INT64, INT64) INT64 = TRY({0} + {1})
SAFE_ADD(NUMERIC, NUMERIC) NUMERIC = wt_numeric_safe({0} + {1})
SAFE_ADD(FLOAT64, FLOAT64) FLOAT64 = wt_float_safe({0} + {1})
SAFE_SUBTRACT(INT64, INT64) INT64 = TRY({0} - {1})
SAFE_SUBTRACT(NUMERIC, NUMERIC) NUMERIC = wt_numeric_safe({0} - {1})
SAFE_SUBTRACT(FLOAT64, FLOAT64) FLOAT64 = wt_float_safe({0} - {1})
SAFE_MULTIPLY(INT64, INT64) INT64 = TRY({0} * {1})
SAFE_MULTIPLY(NUMERIC, NUMERIC) NUMERIC = wt_numeric_safe({0} * {1})
SAFE_MULTIPLY(FLOAT64, FLOAT64) FLOAT64 = wt_float_safe({0} * {1})
SAFE_NEGATE(INT64) INT64 = TRY(CAST(0 AS BIGINT) - ({0}))
SAFE_NEGATE(NUMERIC) NUMERIC = (-({0}))
SAFE_NEGATE(FLOAT64) FLOAT64 = (-({0}))
SQRT(FLOAT64) FLOAT64 = wt_sqrt({0})
CBRT(FLOAT64) FLOAT64 = cbrt({0})
POW(FLOAT64, FLOAT64) FLOAT64 = wt_pow({0}, {1})
POW(NUMERIC, NUMERIC) NUMERIC = wt_numeric_pow({0}, {1})
POWER(FLOAT64, FLOAT64) FLOAT64 = wt_pow({0}, {1})
POWER(NUMERIC, NUMERIC) NUMERIC = wt_numeric_pow({0}, {1})
EXP(FLOAT64) FLOAT64 = wt_exp({0})
LN(FLOAT64) FLOAT64 = wt_ln({0})
LOG(FLOAT64) FLOAT64 = wt_ln({0})
LOG(FLOAT64, FLOAT64) FLOAT64 = wt_log({0}, {1})
LOG10(FLOAT64) FLOAT64 = wt_log10({0})
RAND() FLOAT64 = wt_rand($seed)
SIN(FLOAT64) FLOAT64 = sin({0})
COS(FLOAT64) FLOAT64 = cos({0})
TAN(FLOAT64) FLOAT64 = tan({0})
ASIN(FLOAT64) FLOAT64 = wt_asin({0})
ACOS(FLOAT64) FLOAT64 = wt_acos({0})
ATAN(FLOAT64) FLOAT64 = atan({0})
ATAN2(FLOAT64, FLOAT64) FLOAT64 = atan2({0}, {1})
SINH(FLOAT64) FLOAT64 = sinh({0})
COSH(FLOAT64) FLOAT64 = cosh({0})
TANH(FLOAT64) FLOAT64 = tanh({0})
ASINH(FLOAT64) FLOAT64 = asinh({0})
ACOSH(FLOAT64) FLOAT64 = acosh({0})
ATANH(FLOAT64) FLOAT64 = atanh({0})
COT(FLOAT64) FLOAT64 = wt_divide(1e0, tan({0}))
COTH(FLOAT64) FLOAT64 = wt_divide(1e0, tanh({0}))
SEC(FLOAT64) FLOAT64 = (1e0 / cos({0}))
SECH(FLOAT64) FLOAT64 = (1e0 / cosh({0}))
CSC(FLOAT64) FLOAT64 = wt_divide(1e0, sin({0}))
CSCH(FLOAT64) FLOAT64 = wt_divide(1e0, sinh({0}))
RANGE_BUCKET(T, ARRAY<T>) INT64 = CAST(len(list_filter({1}, lambda _b: _b <= {0})) AS BIGINT)
BIT_COUNT(INT64) INT64 = CAST(bit_count({0}) AS BIGINT)

# arrays
ARRAY_LENGTH(ARRAY<T>) INT64 = len({0})
ARRAY_CONCAT(ARRAY<T>...) ARRAY<T> = ({0||})
ARRAY_REVERSE(ARRAY<T>) ARRAY<T> = list_reverse({0})
ARRAY_FIRST(ARRAY<T>) T = wt_array_first({0})
ARRAY_LAST(ARRAY<T>) T = wt_array_last({0})
ARRAY_SLICE(ARRAY<T>, INT64, INT64) ARRAY<T> = wt_array_slice({0}, {1}, {2})
ARRAY_TO_STRING(ARRAY<STRING>, STRING) STRING = wt_array_text({0}, {1})
ARRAY_TO_STRING(ARRAY<STRING>, STRING, STRING) STRING = wt_array_text_null({0}, {1}, {2})
ARRAY_INCLUDES(ARRAY<T>, T) BOOL = list_contains({0}, {1})
ARRAY_IS_DISTINCT(ARRAY<T>) BOOL = (len({0}) = len(list_distinct({0})))
ARRAY_MIN(ARRAY<T>) T = list_min({0})
ARRAY_MAX(ARRAY<T>) T = list_max({0})
ARRAY_SUM(ARRAY<INT64>) INT64 = CAST(list_sum({0}) AS BIGINT)
ARRAY_SUM(ARRAY<FLOAT64>) FLOAT64 = list_sum({0})
ARRAY_AVG(ARRAY<FLOAT64>) FLOAT64 = list_avg({0})
GENERATE_ARRAY(INT64, INT64) ARRAY<INT64> = generate_series({0}, {1})
GENERATE_ARRAY(INT64, INT64, INT64) ARRAY<INT64> = wt_generate({0}, {1}, {2})
GENERATE_ARRAY(NUMERIC, NUMERIC) ARRAY<NUMERIC> = wt_generate_numeric({0}, {1}, 1)
GENERATE_ARRAY(NUMERIC, NUMERIC, NUMERIC) ARRAY<NUMERIC> = wt_generate_numeric({0}, {1}, {2})
GENERATE_ARRAY(FLOAT64, FLOAT64) ARRAY<FLOAT64> = wt_generate_float({0}, {1}, 1e0)
GENERATE_ARRAY(FLOAT64, FLOAT64, FLOAT64) ARRAY<FLOAT64> = wt_generate_float({0}, {1}, {2})

# dates and times
DATE(INT64, INT64, INT64) DATE = make_date({0}, {1}, {2})
DATE(DATE) DATE = {0}
DATE(DATETIME) DATE = CAST({0} AS DATE)
DATE(TIMESTAMP) DATE = CAST({0} AS DATE)
DATE(TIMESTAMP, STRING) DATE = CAST(wt_local({0}, {1}) AS DATE)
DATE_FROM_UNIX_DATE(INT64) DATE = (DATE '1970-01-01' + CAST({0} AS INTEGER))
UNIX_DATE(DATE) INT64 = CAST({0} - DATE '1970-01-01' AS BIGINT)
DATETIME(INT64, INT64, INT64, INT64, INT64, INT64) DATETIME = make_timestamp({0}, {1}, {2}, {3}, {4}, CAST({5} AS DOUBLE))
DATETIME(DATE) DATETIME = CAST({0} AS TIMESTAMP)
DATETIME(DATE, TIME) DATETIME = ({0} + {1})
DATETIME(DATETIME) DATETIME = {0}
DATETIME(TIMESTAMP) DATETIME = CAST({0} AS TIMESTAMP)
DATETIME(TIMESTAMP, STRING) DATETIME = wt_local({0}, {1})
TIME(INT64, INT64, INT64) TIME = make_time({0}, {1}, CAST({2} AS DOUBLE))
TIME(DATETIME) TIME = CAST({0} AS TIME)
TIME(TIMESTAMP) TIME = CAST(CAST({0} AS TIMESTAMP) AS TIME)
TIME(TIMESTAMP, STRING) TIME = CAST(wt_local({0}, {1}) AS TIME)
TIMESTAMP(STRING) TIMESTAMP = wt_text_to_timestamp({0})
TIMESTAMP(STRING, STRING) TIMESTAMP = wt_text_to_timestamp_in({0}, {1})
TIMESTAMP(DATE) TIMESTAMP = CAST(CAST({0} AS TIMESTAMP) AS TIMESTAMPTZ)
TIMESTAMP(DATE, STRING) TIMESTAMP = wt_zoned(CAST({0} AS TIMESTAMP), {1})
TIMESTAMP(DATETIME) TIMESTAMP = CAST({0} AS TIMESTAMPTZ)
TIMESTAMP(DATETIME, STRING) TIMESTAMP = wt_zoned({0}, {1})
TIMESTAMP(TIMESTAMP) TIMESTAMP = {0}
STRING(TIMESTAMP) STRING = wt_timestamp_text({0})
STRING(TIMESTAMP, STRING) STRING = wt_timestamp_text_in({0}, {1})
STRING(DATE) STRING = CAST({0} AS VARCHAR)
STRING(DATETIME) STRING = wt_datetime_text({0})
STRING(TIME) STRING = wt_time_text({0})
STRING(JSON) STRING = wt_json_string({0})
TIMESTAMP_SECONDS(INT64) TIMESTAMP = CAST(make_timestamp({0} * 1000000) AS TIMESTAMPTZ)
TIMESTAMP_MILLIS(INT64) TIMESTAMP = CAST(make_timestamp({0} * 1000) AS TIMESTAMPTZ)
TIMESTAMP_MICROS(INT64) TIMESTAMP = CAST(make_timestamp({0}) AS TIMESTAMPTZ)
UNIX_SECONDS(TIMESTAMP) INT64 = wt_floor_div(epoch_us({0}), 1000000)
UNIX_MILLIS(TIMESTAMP) INT64 = wt_floor_div(epoch_us({0}), 1000)
UNIX_MICROS(TIMESTAMP) INT64 = epoch_us({0})
FORMAT_DATE(STRING, DATE) STRING = wt_strftime({0}, epoch_us(CAST({1} AS TIMESTAMP)), 'UTC', 'DATE')
FORMAT_DATE(STRING, DATETIME) STRING = wt_strftime({0}, epoch_us({1}), 'UTC', 'DATETIME')
FORMAT_DATETIME(STRING, DATETIME) STRING = wt_strftime({0}, epoch_us({1}), 'UTC', 'DATETIME')
FORMAT_TIME(STRING, TIME) STRING = wt_strftime({0}, epoch_us({1}), 'UTC', 'TIME')
FORMAT_TIMESTAMP(STRING, TIMESTAMP) STRING = wt_strftime({0}, epoch_us({1}), 'UTC', 'TIMESTAMP')
FORMAT_TIMESTAMP(STRING, TIMESTAMP, STRING) STRING = wt_strftime({0}, epoch_us({1}), {2}, 'TIMESTAMP')
PARSE_DATE(STRING, STRING) DATE = CAST(make_timestamp(wt_strptime({0}, {1}, 'UTC', 'DATE')) AS DATE)
PARSE_DATETIME(STRING, STRING) DATETIME = make_timestamp(wt_strptime({0}, {1}, 'UTC', 'DATETIME'))
PARSE_TIME(STRING, STRING) TIME = CAST(make_timestamp(wt_strptime({0}, {1}, 'UTC', 'TIME')) AS TIME)
PARSE_TIMESTAMP(STRING, STRING) TIMESTAMP = CAST(make_timestamp(wt_strptime({0}, {1}, 'UTC', 'TIMESTAMP')) AS TIMESTAMPTZ)
PARSE_TIMESTAMP(STRING, STRING, STRING) TIMESTAMP = CAST(make_timestamp(wt_strptime({0}, {1}, {2}, 'TIMESTAMP')) AS TIMESTAMPTZ)
JUSTIFY_HOURS(INTERVAL) INTERVAL = wt_justify_hours({0})
JUSTIFY_DAYS(INTERVAL) INTERVAL = wt_justify_days({0})
JUSTIFY_INTERVAL(INTERVAL) INTERVAL = wt_justify_days(wt_justify_hours({0}))

# JSON
PARSE_JSON(STRING) JSON = CAST(wt_json_parse({0}, 'exact') AS JSON)
TO_JSON_STRING(JSON) STRING = CAST({0} AS VARCHAR)
JSON_VALUE(STRING, [STRING]) STRING = wt_json_value({0}, {1?'$'})
JSON_VALUE(JSON, [STRING]) STRING = wt_json_value(CAST({0} AS VARCHAR), {1?'$'})
JSON_QUERY(STRING, [STRING]) STRING = wt_json_query({0}, {1?'$'})
JSON_QUERY(JSON, [STRING]) JSON = CAST(wt_json_query_json(CAST({0} AS VARCHAR), {1?'$'}) AS JSON)
JSON_EXTRACT(STRING, [STRING]) STRING = wt_json_query({0}, {1?'$'})
JSON_EXTRACT(JSON, [STRING]) JSON = CAST(wt_json_query_json(CAST({0} AS VARCHAR), {1?'$'}) AS JSON)
JSON_EXTRACT_SCALAR(STRING, [STRING]) STRING = wt_json_value({0}, {1?'$'})
JSON_EXTRACT_SCALAR(JSON, [STRING]) STRING = wt_json_value(CAST({0} AS VARCHAR), {1?'$'})
JSON_QUERY_ARRAY(STRING, [STRING]) ARRAY<STRING> = wt_json_array({0}, {1?'$'})
JSON_QUERY_ARRAY(JSON, [STRING]) ARRAY<JSON> = CAST(wt_json_array(CAST({0} AS VARCHAR), {1?'$'}) AS JSON[])
JSON_EXTRACT_ARRAY(STRING, [STRING]) ARRAY<STRING> = wt_json_array({0}, {1?'$'})
JSON_EXTRACT_ARRAY(JSON, [STRING]) ARRAY<JSON> = CAST(wt_json_array(CAST({0} AS VARCHAR), {1?'$'}) AS JSON[])
JSON_VALUE_ARRAY(STRING, [STRING]) ARRAY<STRING> = wt_json_value_array({0}, {1?'$'})
JSON_VALUE_ARRAY(JSON, [STRING]) ARRAY<STRING> = wt_json_value_array(CAST({0} AS VARCHAR), {1?'$'})
JSON_EXTRACT_STRING_ARRAY(STRING, [STRING]) ARRAY<STRING> = wt_json_value_array({0}, {1?'$'})
JSON_EXTRACT_STRING_ARRAY(JSON, [STRING]) ARRAY<STRING> = wt_json_value_array(CAST({0} AS VARCHAR), {1?'$'})
JSON_KEYS(JSON) ARRAY<STRING> = wt_json_keys(CAST({0} AS VARCHAR), NULL)
JSON_KEYS(JSON, INT64) ARRAY<STRING> = wt_json_keys(CAST({0} AS VARCHAR), {1})
JSON_TYPE(JSON) STRING = wt_json_type(CAST({0} AS VARCHAR))
JSON_REMOVE(JSON, STRING...) JSON = CAST(wt_json_remove(CAST({0} AS VARCHAR), [{1*}]) AS JSON)
JSON_STRIP_NULLS(JSON) JSON = CAST(wt_json_strip(CAST({0} AS VARCHAR)) AS JSON)
BOOL(JSON) BOOL = wt_json_bool(CAST({0} AS VARCHAR))
INT64(JSON) INT64 = wt_json_int(CAST({0} AS VARCHAR))
FLOAT64(JSON) FLOAT64 = wt_json_float(CAST({0} AS VARCHAR))
LAX_BOOL(JSON) BOOL = wt_json_lax_bool(CAST({0} AS VARCHAR))
LAX_INT64(JSON) INT64 = wt_json_lax_int(CAST({0} AS VARCHAR))
LAX_FLOAT64(JSON) FLOAT64 = wt_json_lax_float(CAST({0} AS VARCHAR))
LAX_STRING(JSON) STRING = wt_json_lax_string(CAST({0} AS VARCHAR))

# ranges
RANGE(T, T) RANGE<T> = struct_pack("start" := {0}, "end" := {1})
RANGE_START(RANGE<T>) T = struct_extract({0}, 'start')
RANGE_END(RANGE<T>) T = struct_extract({0}, 'end')
RANGE_CONTAINS(RANGE<T>, T) BOOL = wt_range_contains({0}, {1})
RANGE_CONTAINS(RANGE<T>, RANGE<T>) BOOL = wt_range_covers({0}, {1})
RANGE_OVERLAPS(RANGE<T>, RANGE<T>) BOOL = wt_range_overlaps({0}, {1})
RANGE_INTERSECT(RANGE<T>, RANGE<T>) RANGE<T> = wt_range_intersect({0}, {1})

# surroundings
SESSION_USER() STRING = 'windtunnel@example.com'
NET.HOST(STRING) STRING = wt_net_host({0})
NET.REG_DOMAIN(STRING) STRING = wt_net_reg_domain({0})
NET.PUBLIC_SUFFIX(STRING) STRING = wt_net_public_suffix({0})
NET.IP_FROM_STRING(STRING) BYTES = wt_net_ip({0})
NET.IP_TO_STRING(BYTES) STRING = wt_net_ip_text({0})
"""

AGGREGATE = r"""
COUNT(T) INT64 = count({d}{0}) {over}
COUNTIF(BOOL) INT64 = CAST(count({d}CASE WHEN {0} THEN 1 END) {over} AS BIGINT)
SUM(INT64) INT64 = CAST(sum({d}{0}) {over} AS BIGINT)
SUM(NUMERIC) NUMERIC = CAST(sum({d}{0}) {over} AS DECIMAL(38,9))
SUM(BIGNUMERIC) BIGNUMERIC = CAST(sum({d}{0}) {over} AS DECIMAL(38,18))
SUM(FLOAT64) FLOAT64 = sum({d}{0}) {over}
AVG(INT64) FLOAT64 = avg({d}{0}) {over}
AVG(NUMERIC) NUMERIC = wt_numeric_divide(CAST(sum({d}{0}) {over} AS DECIMAL(38,9)), CAST(nullif(count({d}{0}) {over}, 0) AS DECIMAL(38,9)))
AVG(FLOAT64) FLOAT64 = avg({d}{0}) {over}
MIN(T) T = min({0}) {over}
MAX(T) T = max({0}) {over}
ANY_VALUE(T) T = wt_first({d}{0}{o}) {over}
ARRAY_CONCAT_AGG(ARRAY<T>) ARRAY<T> = flatten(array_agg({0}{o}) FILTER (WHERE {0} IS NOT NULL) {over})
STRING_AGG(STRING) STRING = string_agg({d}{0}, ','{o}) {over}
STRING_AGG(STRING, STRING) STRING = string_agg({d}{0}, {1}{o}) {over}
LOGICAL_AND(BOOL) BOOL = bool_and({0}) {over}
LOGICAL_OR(BOOL) BOOL = bool_or({0}) {over}
BIT_AND(INT64) INT64 = bit_and({0}) {over}
BIT_OR(INT64) INT64 = bit_or({0}) {over}
BIT_XOR(INT64) INT64 = bit_xor({d}{0}) {over}
MAX_BY(T, INT64) T = arg_max({0}, {1}) {over}
MAX_BY(T, FLOAT64) T = arg_max({0}, {1}) {over}
MAX_BY(T, NUMERIC) T = arg_max({0}, {1}) {over}
MAX_BY(T, STRING) T = arg_max({0}, {1}) {over}
MAX_BY(T, DATE) T = arg_max({0}, {1}) {over}
MAX_BY(T, DATETIME) T = arg_max({0}, {1}) {over}
MAX_BY(T, TIMESTAMP) T = arg_max({0}, {1}) {over}
MIN_BY(T, INT64) T = arg_min({0}, {1}) {over}
MIN_BY(T, FLOAT64) T = arg_min({0}, {1}) {over}
MIN_BY(T, NUMERIC) T = arg_min({0}, {1}) {over}
MIN_BY(T, STRING) T = arg_min({0}, {1}) {over}
MIN_BY(T, DATE) T = arg_min({0}, {1}) {over}
MIN_BY(T, DATETIME) T = arg_min({0}, {1}) {over}
MIN_BY(T, TIMESTAMP) T = arg_min({0}, {1}) {over}
STDDEV(FLOAT64) FLOAT64 = stddev_samp({d}{0}) {over}
STDDEV_SAMP(FLOAT64) FLOAT64 = stddev_samp({d}{0}) {over}
STDDEV_POP(FLOAT64) FLOAT64 = stddev_pop({d}{0}) {over}
VARIANCE(FLOAT64) FLOAT64 = var_samp({d}{0}) {over}
VAR_SAMP(FLOAT64) FLOAT64 = var_samp({d}{0}) {over}
VAR_POP(FLOAT64) FLOAT64 = var_pop({d}{0}) {over}
CORR(FLOAT64, FLOAT64) FLOAT64 = wt_nan_null(corr({0}, {1}) {over})
COVAR_POP(FLOAT64, FLOAT64) FLOAT64 = covar_pop({0}, {1}) {over}
COVAR_SAMP(FLOAT64, FLOAT64) FLOAT64 = covar_samp({0}, {1}) {over}
APPROX_COUNT_DISTINCT(T) INT64 = count(DISTINCT {0}) {over}
APPROX_QUANTILES(T, INT64) ARRAY<T> = wt_quantiles(list({d}{0}{o}) {over}, {1})
GROUPING(T) INT64 = CAST(grouping({0}) AS BIGINT)
"""

WINDOW = r"""
ROW_NUMBER() INT64 = row_number() {over}
RANK() INT64 = rank() {over}
DENSE_RANK() INT64 = dense_rank() {over}
PERCENT_RANK() FLOAT64 = percent_rank() {over}
CUME_DIST() FLOAT64 = cume_dist() {over}
NTILE(INT64) INT64 = ntile({0}) {over}
LAG(T) T = lag({0}) {over}
LAG(T, INT64) T = lag({0}, CAST({1} AS INTEGER)) {over}
LAG(T, INT64, T) T = lag({0}, CAST({1} AS INTEGER), {2}) {over}
LEAD(T) T = lead({0}) {over}
LEAD(T, INT64) T = lead({0}, CAST({1} AS INTEGER)) {over}
LEAD(T, INT64, T) T = lead({0}, CAST({1} AS INTEGER), {2}) {over}
FIRST_VALUE(T) T = first_value({0}{nulls}) {over}
LAST_VALUE(T) T = last_value({0}{nulls}) {over}
NTH_VALUE(T, INT64) T = nth_value({0}, {1}{nulls}) {over}
PERCENTILE_CONT(FLOAT64, FLOAT64) FLOAT64 = quantile_cont({0}, {1}) {over}
PERCENTILE_DISC(T, FLOAT64) T = quantile_disc({0}, {1}) {over}
"""


@cache
def scalars() -> dict[str, list[Signature]]:
    """Scalar functions by name."""
    return read(SCALAR)


@cache
def aggregates() -> dict[str, list[Signature]]:
    """Aggregate functions by name."""
    return read(AGGREGATE)


@cache
def windows() -> dict[str, list[Signature]]:
    """Functions that exist only with OVER."""
    return read(WINDOW)
