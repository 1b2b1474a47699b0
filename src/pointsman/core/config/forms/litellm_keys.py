"""The keys of LiteLLM's `config.yaml` that nothing here stands for, and why; any other key is unknown to both.

Names are those of its documentation (docs.litellm.ai, proxy: config settings; completion input parameters).
"""

BUILT_IN = "Pointsman does this by itself"
OURS = "Pointsman has its own way of doing this; see docs/operating.md"
NOT_HERE = "there is nothing here that does this"
SECRET = "a secret may not stand in a document; keep it in the environment"

Losses = dict[str, str]


def _say(reason: str, names: str) -> Losses:
    return dict.fromkeys(names.split(), reason)


NOTED_TOP: Losses = _say(NOT_HERE, "callback_settings files_settings finetune_settings assistant_settings prompts")
LOST_TOP: Losses = _say(
    NOT_HERE,
    "guardrails mcp_servers mcp_tools vector_store_registry search_tools agent_list policies policy_attachments"
    " worker_registry",
)

NOTED_PARAMS: Losses = {
    **_say(BUILT_IN, "drop_params use_in_pass_through use_litellm_proxy use_chat_completions_api api_type"),
    **_say(
        OURS, "max_retries num_retries cooldown_time order weight keepalive_seconds allow_client_keepalive_override"
    ),
    **_say(NOT_HERE, "litellm_trace_id mock_response provider_affinity_header"),
}
LOST_PARAMS: Losses = {
    **_say(OURS, "max_parallel_requests itpm otpm tags tag_regex"),
    **_say(
        NOT_HERE,
        "api_version region_name deployment_id extra_body extra_query additional_drop_params allowed_openai_params"
        " configurable_clientside_auth_params merge_reasoning_content_in_choices cache_control_injection_points"
        " timeout_by_service_tier stream_timeout_by_service_tier default_api_key_tpm_limit default_api_key_rpm_limit"
        " max_file_size_mb hf_model_name prompt_id prompt_variables roles initial_prompt_value final_prompt_value"
        " bos_token eos_token vector_store_id vector_bucket_name index_name embedding_model guardrails"
        " auto_router_config auto_router_config_path auto_router_default_model auto_router_embedding_model"
        " complexity_router_config complexity_router_default_model n logit_bias user response_format tools tool_choice"
        " functions function_call modalities prediction audio stream stream_options thinking web_search_options"
        " metadata store safety_identifier top_k min_p repetition_penalty",
    ),
}
FOREIGN_PARAMS = (
    "aws_", "azure_", "vertex_", "watsonx_", "s3_", "gcs_", "sagemaker_", "milvus_", "valkey_", "bedrock_", "oci_",
    "anthropic_", "openai_", "tenant_id", "client_id", "client_secret", "bucket_name",
)  # fmt: skip
"""How settings begin that belong to clouds and identities which only LiteLLM signs requests for."""

CAPABILITIES = {
    "supports_function_calling": "tools",
    "supports_vision": "vision",
    "supports_response_schema": "structured_output",
    "supports_reasoning": "reasoning",
    "supports_web_search": "web_search",
    "supports_audio_input": "audio_input",
    "supports_pdf_input": "pdf_input",
}
"""What LiteLLM says that a model supports, as a capability."""

NOTED_SETTINGS: Losses = {
    **_say(
        BUILT_IN,
        "set_verbose json_logs redact_user_api_key_info turn_off_message_logging enable_json_schema_validation"
        " disable_hf_tokenizer_download enable_pre_call_checks enable_pre_call_check debug_level client_ttl"
        " disable_end_user_cost_tracking disable_end_user_cost_tracking_prometheus_only telemetry suppress_debug_info"
        " ignore_invalid_deployments router_general_settings polling_interval enable_preview_features",
    ),
    **_say(
        OURS,
        "allowed_fails allowed_fails_policy cooldown_time disable_cooldowns retry_policy model_group_retry_policy"
        " max_fallbacks redis_host redis_port redis_db redis_url redis_password cache_kwargs caching_groups"
        " default_priority routing_strategy_args optional_pre_call_checks service_callbacks alerting_config"
        " langfuse_default_tags key_generation_settings default_internal_user_params default_team_params"
        " upperbound_key_generate_params"
        " deployment_affinity_ttl_seconds enable_health_check_routing health_check_staleness_threshold"
        " health_check_ignore_transient_errors background_health_check_model_groups enable_weighted_failover"
        " fallback_access_check fallback_budget_check auto_router_capability_limit plugins",
    ),
    **_say(NOT_HERE, "disable_copilot_system_to_assistant disable_add_transform_inline_image_block modify_params"),
}
LOST_SETTINGS: Losses = {
    **_say(OURS, "success_callback failure_callback callbacks audit_log_callbacks default_max_parallel_requests"),
    **_say(
        NOT_HERE,
        "content_policy_fallbacks mcp_aliases enable_tag_filtering tag_filtering_match_any tag_routing_prefix"
        " force_ipv4 ssl_verify ssl_certificate default_litellm_params assistants_config search_tools guardrail_list"
        " model_group_affinity_config routing_groups cache_responses public_model_groups custom_provider_map"
        " LITELLM_DISABLE_STOP_SEQUENCE_LIMIT",
    ),
}

LOST_GENERAL: Losses = {
    **_say(SECRET, "litellm_license"),
    **_say(
        OURS,
        "custom_auth custom_key_generate custom_sso enable_jwt_auth litellm_jwtauth enable_oauth2_auth"
        " enable_oauth2_proxy_auth oauth2_config_mappings allowed_routes admin_only_routes public_routes allowed_ips"
        " max_parallel_requests global_max_parallel_requests alerting alert_types alert_to_webhook_url alerting_args"
        " alerting_threshold enforce_user_param enforced_params reject_clientside_metadata_tags litellm_key_header_name"
        " default_team_disabled service_account_settings ui_access_mode user_header_name user_header_mappings"
        " allow_user_auth max_request_size_mb max_response_size_mb",
    ),
    **_say(
        NOT_HERE,
        "completion_model embedding_model image_generation_model moderation_model pass_through_endpoints"
        " use_client_credentials_pass_through_routes forward_openai_org_id forward_client_headers_to_llm_api"
        " allow_client_side_credentials allow_requests_on_db_unavailable use_x_forwarded_for infer_model_from_keys"
        " store_prompts_in_spend_logs",
    ),
}
NOTED_GENERAL: Losses = {
    **_say(
        OURS,
        "database_url database_connection_pool_limit database_connection_timeout database_connect_timeout"
        " database_socket_timeout database_type database_args database_disable_prepared_statements"
        " store_model_in_db supported_db_objects key_management_system key_management_settings use_azure_key_vault"
        " use_google_kms disable_spend_logs disable_spend_updates disable_master_key_return disable_reset_budget"
        " disable_adding_master_key_hash_to_db disable_prisma_schema_update disable_responses_id_security"
        " disable_retry_on_max_parallel_request_limit_error proxy_budget_rescheduler_min_time"
        " proxy_budget_rescheduler_max_time proxy_batch_write_at proxy_batch_polling_interval spend_report_frequency"
        " user_api_key_cache_ttl user_api_key_cache_max_size maximum_spend_logs_retention_period"
        " maximum_spend_logs_retention_interval user_mcp_management_mode coordination_redis otel",
    ),
    **_say(
        BUILT_IN,
        "background_health_checks health_check_interval health_check_details health_check_concurrency"
        " cancel_on_disconnect proxy_config_reload_interval_seconds",
    ),
}
CACHE_NOTED: Losses = _say(
    OURS,
    "host port password namespace max_connections redis_startup_nodes service_name sentinel_nodes"
    " sentinel_password gcp_service_account gcp_ssl_ca_certs ssl ssl_cert_reqs ssl_check_hostname"
    " qdrant_semantic_cache_embedding_model qdrant_collection_name qdrant_quantization_config"
    " redis_semantic_cache_embedding_model redis_semantic_cache_index_name s3_bucket_name s3_region_name"
    " s3_aws_access_key_id s3_aws_secret_access_key s3_endpoint_url gcs_bucket_name gcs_path_service_account gcs_path"
    " disk_cache_dir supported_call_types db url redis_flush_size disable_copilot_system_to_assistant",
)
