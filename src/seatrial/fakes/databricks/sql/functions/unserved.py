"""Functions that Databricks has and that are not served: known, so that none is taken for a misspelling."""

from __future__ import annotations

_NAMES = """
    acos acosh aes_decrypt aes_encrypt ai_analyze_sentiment ai_classify ai_extract ai_fix_grammar
    ai_forecast ai_gen ai_generate_text ai_mask ai_parse_document ai_query ai_similarity
    ai_summarize ai_translate approx_top_k array_insert arrays_zip asin asinh assert_true atanh
    bigint binary bit_and bit_get bit_length bit_or bit_reverse bit_xor bitmap_bit_position
    bitmap_bucket_number bitmap_construct_agg bitmap_count bitmap_or_agg boolean bround cbrt cardinality
    cloud_files_state collate collation conv convert_timezone cot count_min_sketch covar_pop
    covar_samp crc32 csc cube current_metastore current_recipient current_version decode double elt
    event_log find_in_set float format_string from_avro from_csv from_protobuf from_xml
    get_warehouse_id getbit getdate grouping_id h3_longlatash3 hash histogram_numeric hll_sketch_agg
    hll_sketch_estimate http_request hypot inline inline_outer input_file_block_length
    input_file_name int is_account_group_member is_member is_variant_null java_method
    json_object_keys json_tuple kurtosis list_secrets localtimestamp luhn_check make_dt_interval
    make_interval make_timestamp_ltz make_timestamp_ntz make_ym_interval map_filter map_zip_with
    mask monotonically_increasing_id months_between overlay parse_url posexplode posexplode_outer
    printf randn randstr range read_files read_kafka read_kinesis read_pulsar read_statestore
    reflect regexp_instr regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy remote_query reverse rint rollup schema_of_csv
    schema_of_json schema_of_json_agg schema_of_variant schema_of_xml sec secret sentences
    session_window shiftleft shiftright shiftrightunsigned shuffle skewness smallint soundex
    spark_partition_id stack str_to_map string table_changes timestamp_micros tinyint to_avro
    to_binary to_char to_csv to_json to_number to_protobuf to_timestamp_ltz to_timestamp_ntz
    to_varchar to_variant_object to_xml transform_keys transform_values try_aes_decrypt try_avg
    try_element_at try_reflect try_secret try_sum try_to_binary try_to_number try_url_decode
    try_validate_utf8 try_variant_get try_zstd_decompress unbase32 uniform url_decode url_encode
    validate_utf8 variant_explode variant_get vector_search version width_bucket window window_time
    xmlagg xpath xpath_boolean xpath_double xpath_float xpath_int xpath_long xpath_number
    xpath_short xpath_string xxhash64 zip_with zstd_compress zstd_decompress
"""
UNSERVED = frozenset(_NAMES.split())
