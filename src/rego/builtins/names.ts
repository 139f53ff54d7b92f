/**
 * Builtins of OPA 1.12 that are not here yet, with their arities. The compiler knows them, so that using one is an
 * error that says so instead of an unknown name.
 */
export const NOT_YET: ReadonlySet<string> = new Set(
  `crypto.hmac.equal crypto.hmac.md5 crypto.hmac.sha1 crypto.hmac.sha256 crypto.hmac.sha512 crypto.md5
  crypto.parse_private_keys crypto.sha1 crypto.sha256 crypto.x509.parse_and_verify_certificates
  crypto.x509.parse_and_verify_certificates_with_options crypto.x509.parse_certificate_request
  crypto.x509.parse_certificates crypto.x509.parse_keypair crypto.x509.parse_rsa_private_key glob.match
  glob.quote_meta graph.reachable graph.reachable_paths graphql.is_valid graphql.parse graphql.parse_and_verify
  graphql.parse_query graphql.parse_schema graphql.schema_is_valid http.send internal.print internal.test_case
  io.jwt.decode io.jwt.decode_verify io.jwt.encode_sign io.jwt.encode_sign_raw io.jwt.verify_eddsa
  io.jwt.verify_es256 io.jwt.verify_es384 io.jwt.verify_es512 io.jwt.verify_hs256 io.jwt.verify_hs384
  io.jwt.verify_hs512 io.jwt.verify_ps256 io.jwt.verify_ps384 io.jwt.verify_ps512 io.jwt.verify_rs256
  io.jwt.verify_rs384 io.jwt.verify_rs512 json.marshal_with_options json.match_schema json.patch
  json.verify_schema net.cidr_contains net.cidr_contains_matches net.cidr_expand net.cidr_intersects
  net.cidr_is_valid net.cidr_merge net.cidr_overlap net.lookup_ip_addr opa.runtime print
  providers.aws.sign_req rand.intn regex.globs_match regex.template_match rego.metadata.chain
  rego.metadata.rule rego.parse_module semver.compare semver.is_valid strings.render_template time.add_date
  time.clock time.date time.diff time.format time.now_ns time.parse_duration_ns time.parse_ns
  time.parse_rfc3339_ns time.weekday trace units.parse units.parse_bytes uuid.parse uuid.rfc4122 yaml.is_valid
  yaml.marshal yaml.unmarshal`.split(/\s+/),
);

/** Forbidden in v1: https://www.openpolicyagent.org/docs/v0-upgrade */
export const DEPRECATED: ReadonlySet<string> = new Set([
  "all",
  "any",
  "cast_array",
  "cast_boolean",
  "cast_null",
  "cast_object",
  "cast_set",
  "cast_string",
  "net.cidr_overlap",
  "re_match",
  "set_diff",
]);
