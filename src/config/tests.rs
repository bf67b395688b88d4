//! What the configuration promises: order of the sources, errors that name key and place, masked secrets.

use std::path::Path;

use super::*;

/// Sources made of a file's text, variables and flags; the folder must outlive the sources.
fn sources(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> (tempfile::TempDir, Sources) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("valtuus.toml");
    std::fs::write(&file, text).unwrap();
    let environment = env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    let flags = flags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    (dir, Sources { file: Some(file), environment, flags })
}

fn load(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, String> {
    let (_dir, sources) = sources(text, env, flags);
    Config::load(&sources).map_err(|error| error.to_string())
}

fn refusal(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> String {
    load(text, env, flags).expect_err("this configuration must be refused")
}

#[test]
fn nothing_given_means_the_documented_defaults() {
    let config = Config::load(&Sources::default()).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.serve.listen.to_string(), "127.0.0.1:7443");
    assert_eq!(config.store.database(), Database::Sqlite("./valtuus-data/valtuus.db".into()));
    assert_eq!(
        (config.limits.request_line, config.limits.body, config.limits.value),
        (8_192, 1_048_576, 65_536)
    );
    assert_eq!(
        (config.limits.parameters, config.limits.depth, config.limits.xml_children),
        (100, 32, 10_000)
    );
    let argon2 = &config.auth.argon2;
    assert_eq!((argon2.memory_kib, argon2.iterations, argon2.parallelism), (19_456, 2, 1));
    assert_eq!((config.password_policy.min, config.password_policy.max), (8, 256));
}

#[test]
fn flags_win_over_the_environment_over_the_file_over_the_defaults() {
    let file = "[limits]\ndepth = 5\nparameters = 50\nbody = 2048\n";
    let env = [("VALTUUS_LIMITS__DEPTH", "6"), ("VALTUUS_LIMITS__PARAMETERS", "60")];
    let config = load(file, &env, &[("limits.depth", "7")]).unwrap();
    assert_eq!((config.limits.depth, config.limits.parameters, config.limits.body), (7, 60, 2_048));
    assert_eq!(config.limits.value, 65_536);
}

#[test]
fn an_option_is_a_key_of_the_file_and_a_variable_under_the_same_name() {
    for (option, path) in OPTIONS {
        let text = match *option {
            "listen" => "127.0.0.2:7000",
            "reference-style" => "attribute",
            "workers" => "3",
            "data-dir" | "tls-cert" | "tls-key" | "bootstrap-password" => "some-text",
            "database-url" => "postgres://db/v",
            _ => "true",
        };
        // A certificate needs its key, so the other one is given as well.
        let pair: &[(&str, &str)] = match *option {
            "tls-cert" => &[("tls.key", "other")],
            "tls-key" => &[("tls.cert", "other")],
            _ => &[],
        };
        let bare = matches!(text, "true" | "3");
        let line = if bare { format!("{option} = {text}\n") } else { format!("{option} = \"{text}\"\n") };
        let variable = format!("VALTUUS_{}", option.replace('-', "_").to_uppercase());
        let nested = format!("VALTUUS_{}", path.replace('.', "__").replace('-', "_").to_uppercase());
        let by_file = load(&line, &[], pair).unwrap();
        assert_ne!(by_file, load("", &[], &[]).unwrap(), "{option} changes nothing");
        assert_eq!(by_file, load("", &[(&variable, text)], pair).unwrap());
        assert_eq!(by_file, load("", &[(&nested, text)], pair).unwrap());
        let flags: Vec<_> = pair.iter().copied().chain([(*option, text)]).collect();
        assert_eq!(by_file, load("", &[], &flags).unwrap());
    }
}

#[test]
fn underscores_and_dashes_are_one_in_keys() {
    assert_eq!(load("[limits]\nxml_children = 99\n", &[], &[]).unwrap().limits.xml_children, 99);
    let text = refusal("[limits]\nxml_children = 99\nxml-children = 98\n", &[], &[]);
    assert!(text.contains("`limits.xml-children`") && text.contains("twice"), "{text}");
}

#[test]
fn the_long_and_the_short_name_of_a_key_in_one_source_are_refused() {
    let text = refusal("data-dir = \"a\"\n[store]\ndata-dir = \"b\"\n", &[], &[]);
    assert!(text.contains("line 1") && text.contains("line 3") && text.contains("twice"), "{text}");
}

#[test]
fn an_unknown_key_names_the_nearest_known_one_and_its_line() {
    let text = refusal("[limits]\nbody = 2048\n\ndepht = 3\n", &[], &[]);
    assert!(text.contains("`limits.depht`") && text.contains("`limits.depth`"), "{text}");
    assert!(text.contains("line 4 of") && text.contains("valtuus.toml"), "{text}");
    let text = refusal("[serve]\npool-size = 3\n", &[], &[]);
    assert!(text.contains("`store.pool-size`"), "the key of another topic: {text}");
    let text = refusal("[limit]\ndepth = 3\n", &[], &[]);
    assert!(text.contains("`limit`") && text.contains("`limits`"), "{text}");
}

#[test]
fn an_unknown_variable_names_the_nearest_known_one() {
    let text = refusal("", &[("VALTUUS_STORE_DATA_DIR", "x")], &[]);
    assert!(text.contains("environment variable VALTUUS_STORE_DATA_DIR"), "{text}");
    assert!(text.contains("`VALTUUS_STORE__DATA_DIR`"), "{text}");
}

#[test]
fn an_unknown_flag_names_the_nearest_known_one() {
    let text = refusal("", &[], &[("limits.dept", "3")]);
    assert!(text.contains("option --set limits.dept") && text.contains("`limits.depth`"), "{text}");
}

#[test]
fn variables_of_others_empty_ones_and_those_of_the_tests_are_passed_over() {
    let env = [("PATH", "x"), ("VALTUUS_ROUNDS", "20"), ("VALTUUS_TEST_X", "y"), ("VALTUUS_LISTEN", "")];
    assert_eq!(load("", &env, &[]).unwrap(), Config::default());
}

#[test]
fn an_unknown_key_inside_a_list_names_its_element() {
    let text = refusal("[[attributes]]\nkind = \"user\"\nname = \"a\"\nindxed = true\n", &[], &[]);
    assert!(text.contains("`attributes[0].indxed`") && text.contains("`indexed`"), "{text}");
    assert!(text.contains("line 4 of"), "{text}");
}

#[test]
fn a_value_of_the_wrong_type_names_key_and_place() {
    let text = refusal("[limits]\ndepth = \"deep\"\n", &[], &[]);
    assert!(text.contains("`limits.depth` (line 2 of") && text.contains("expected"), "{text}");
    let text = refusal("", &[("VALTUUS_LIMITS__DEPTH", "deep")], &[]);
    assert!(text.contains("VALTUUS_LIMITS__DEPTH") && text.contains("expected a whole number"), "{text}");
    let text = refusal("", &[("VALTUUS_DEMO", "yes")], &[]);
    assert!(text.contains("expected true or false"), "{text}");
    let text = refusal("", &[], &[("listen", "here")]);
    assert!(text.contains("`serve.listen` (option --listen)"), "{text}");
    let text = refusal("[log]\nformat = \"xml\"\n", &[], &[]);
    assert!(text.contains("`log.format` (line 2 of"), "{text}");
    let text = refusal("limits = 3\n", &[], &[]);
    assert!(text.contains("`limits` (line 1 of") && text.contains("topic"), "{text}");
    let text = refusal("[[attributes]]\nkind = \"user\"\nname = 7\n", &[], &[]);
    assert!(text.contains("`attributes[0].name` (line 3 of"), "{text}");
    let text = refusal("[limits]\ndepth = -4\n", &[], &[]);
    assert!(text.contains("`limits.depth` (line 2 of"), "{text}");
}

#[test]
fn a_file_that_is_no_toml_names_the_line_without_showing_it() {
    let text = refusal("[auth]\nbootstrap-password = \"canary\n", &[], &[]);
    assert!(text.contains("line 2 of"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn a_missing_file_is_named() {
    let sources = Sources { file: Some("no/such.toml".into()), ..Sources::default() };
    let text = Config::load(&sources).unwrap_err().to_string();
    assert!(text.contains("no/such.toml"), "{text}");
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    std::fs::write(&path, "correct horse\n").unwrap();
    let path = path.to_str().unwrap();
    let line = format!("[auth]\nbootstrap-password-file = \"{path}\"\n");
    for config in [
        load("", &[("VALTUUS_BOOTSTRAP_PASSWORD_FILE", path)], &[]),
        load("", &[("VALTUUS_AUTH__BOOTSTRAP_PASSWORD_FILE", path)], &[]),
        load("", &[], &[("bootstrap-password-file", path)]),
        load(&line, &[], &[]),
    ] {
        assert_eq!(config.unwrap().auth.bootstrap_password.unwrap().expose(), "correct horse");
    }
    let both = [("VALTUUS_BOOTSTRAP_PASSWORD", "x"), ("VALTUUS_BOOTSTRAP_PASSWORD_FILE", path)];
    assert!(refusal("", &both, &[]).contains("twice"));
    let text = refusal("", &[], &[("listen-file", path)]);
    assert!(text.contains("listen-file"), "only secrets have files: {text}");
}

#[test]
fn a_secret_file_that_is_missing_empty_or_endless_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let long = dir.path().join("long");
    std::fs::write(&long, vec![b'x'; 70_000]).unwrap();
    let missing = dir.path().join("missing");
    for (path, word) in [(&empty, "empty"), (&long, "longer"), (&missing, "cannot read")] {
        let text = refusal("", &[("VALTUUS_BOOTSTRAP_PASSWORD_FILE", path.to_str().unwrap())], &[]);
        assert!(text.contains(word) && text.contains("VALTUUS_BOOTSTRAP_PASSWORD_FILE"), "{text}");
    }
}

#[test]
fn a_secret_is_in_no_output() {
    let flags = [("bootstrap-password", "canary-1"), ("database-url", "postgres://anna:canary-2@db/v")];
    let config = load("", &[], &flags).unwrap();
    let text = format!("{config:?}\n{}\n{}", config.show().unwrap(), serde_json::to_string(&config).unwrap());
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains(MASK) && text.contains("postgres://anna:"), "{text}");
    for line in ["bootstrap-password = [\"canary\"]\n", "database-url = \"mysql://canary\"\n"] {
        let text = refusal(line, &[], &[]);
        assert!(!text.contains("canary") && text.contains("line 1 of"), "{text}");
    }
    let text = refusal("bootstrap-password = 987654321\n", &[], &[]);
    assert!(!text.contains("987654321"), "{text}");
}

#[test]
fn what_show_prints_can_be_read_again_unless_it_holds_a_mask() {
    let mut config = Config { attributes: Config::sample().attributes, ..Config::default() };
    config.attributes[0].name = "title".to_owned();
    config.serve.workers = Some(4);
    assert_eq!(load(&config.show().unwrap(), &[], &[]).unwrap(), config);
    config.auth.bootstrap_password = Some(Secret::new("x"));
    let text = refusal(&config.show().unwrap(), &[], &[]);
    assert!(text.contains("`auth.bootstrap-password`") && text.contains("mask"), "{text}");
}

#[test]
fn a_list_can_be_given_as_a_variable() {
    let env = [("VALTUUS_ATTRIBUTES", "[{ kind = \"user\", name = \"title\", many = false }]")];
    let config = load("[[attributes]]\nkind = \"user\"\nname = \"old\"\n", &env, &[]).unwrap();
    let title = CustomAttribute { kind: "user".into(), name: "title".into(), indexed: true, many: false };
    assert_eq!(config.attributes, [title]);
    assert!(refusal("", &[("VALTUUS_ATTRIBUTES", "user")], &[]).contains("TOML"));
}

#[test]
fn every_problem_is_reported_at_once() {
    let text = refusal("[limits]\ndepth = 1\nbody = 1\n", &[], &[]);
    assert!(text.contains("line 2 of") && text.contains("line 3 of"), "{text}");
}

#[test]
fn what_makes_no_sense_is_refused_by_key() {
    let class = "[[organizations.classes]]\nname = \"v\"\nvirtual = true\ndefault = true\n";
    let two = "[[organizations.classes]]\nname = \"a\"\ndefault = true\n";
    let twice = format!("{class}{two}{}", two.replace("\"a\"", "\"b\""));
    for (text, key) in [
        ("demo = true\nlisten = \"0.0.0.0:7443\"\n", "serve.listen"),
        ("tls-cert = \"a.pem\"\n", "tls.key"),
        ("tls-key = \"a.pem\"\n", "tls.cert"),
        ("plain-http = true\ntls-cert = \"a\"\ntls-key = \"b\"\n", "serve.plain-http"),
        ("data-dir = \"\"\n", "store.data-dir"),
        ("[limits]\nrequest-line = 9999999\n", "limits.request-line"),
        ("[auth.tokens]\nlongest-seconds = 1\n", "auth.tokens.longest-seconds"),
        ("[auth.tokens]\nlifetime-seconds = 99999999\n", "auth.tokens.lifetime-seconds"),
        ("[auth.argon2]\nmemory-kib = 1024\n", "auth.argon2.memory-kib"),
        ("[auth.attempts]\nfirst-delay-millis = 40000\n", "auth.attempts.first-delay-millis"),
        ("[password-policy]\nmin = 300\n", "password-policy.min"),
        (class, "organizations.classes"),
        (&twice, "organizations.classes"),
        ("[[attributes]]\nkind = \"user\"\nname = \"7up\"\n", "attributes[0].name"),
        ("[[attributes]]\nkind = \"user\"\nname = \"å\"\n", "attributes[0].name"),
        ("[log]\nfilter = \"valtuus=loud\"\n", "log.filter"),
        ("[[attributes]]\nkind = \"\"\nname = \"a\"\n", "attributes[0].kind"),
    ] {
        let message = refusal(text, &[], &[]);
        assert!(message.contains(&format!("`{key}`")), "{text}\n{message}");
    }
}

#[test]
fn a_custom_attribute_is_declared_once_per_kind() {
    let one = |kind: &str| format!("[[attributes]]\nkind = \"{kind}\"\nname = \"title\"\n");
    assert!(load(&(one("user") + &one("organization")), &[], &[]).is_ok());
    assert!(refusal(&(one("user") + &one("user")), &[], &[]).contains("twice"));
}

#[test]
fn an_attribute_name_has_at_most_64_letters() {
    let line = |len: usize| format!("[[attributes]]\nkind = \"user\"\nname = \"{}\"\n", "a".repeat(len));
    assert!(load(&line(64), &[], &[]).is_ok());
    assert!(refusal(&line(65), &[], &[]).contains("attributes[0].name"));
}

#[test]
fn the_configuration_for_tests_differs_only_in_cost_and_place() {
    let config = Config::for_testing(Path::new("here"));
    assert_eq!(config.serve.listen.port(), 0);
    assert_eq!(config.store.data_dir, Path::new("here"));
    let weak = config.check().unwrap_err();
    assert!(weak.problems.iter().all(|problem| problem.key.starts_with("auth.argon2.")), "{weak}");
}

const ISSUER: &str = "[[auth.jwt]]\nname = \"idp\"\nissuer = \"https://idp\"\naudience = [\"valtuus\"]\njwks = \"keys.json\"\n";

#[test]
fn an_issuer_needs_four_keys_and_has_safe_defaults() {
    let config = load(ISSUER, &[], &[]).unwrap();
    let issuer = &config.auth.jwt[0];
    assert_eq!(issuer.algorithms, ["RS256", "PS256", "ES256", "ES384", "EdDSA"]);
    assert_eq!((issuer.client_claim.as_str(), issuer.leeway_seconds, issuer.once), ("sub", 30, false));
    for missing in ["name", "issuer", "audience", "jwks"] {
        let lines: Vec<&str> = ISSUER.lines().filter(|line| !line.starts_with(missing)).collect();
        let text = lines.join("\n");
        assert!(refusal(&text, &[], &[]).contains(missing), "{missing}");
    }
}

#[test]
fn an_issuer_that_makes_no_sense_is_refused_by_key() {
    for (from, to, key) in [
        ("\"idp\"", "\"I D P\"", "name"),
        ("\"https://idp\"", "\"\"", "issuer"),
        ("[\"valtuus\"]", "[]", "audience"),
        ("\"keys.json\"", "\"http://idp.example/keys\"", "jwks"),
        ("\"keys.json\"", "\"http://127.0.0.1.example/keys\"", "jwks"),
        ("\"keys.json\"", "\"http://localhost:80@idp.example/keys\"", "jwks"),
        ("\"keys.json\"", "\"ftp://idp/keys\"", "jwks"),
        ("\"keys.json\"", "\"k\"\nalgorithms = [\"HS256\"]", "algorithms"),
        ("\"keys.json\"", "\"k\"\nalgorithms = [\"none\"]", "algorithms"),
        ("\"keys.json\"", "\"k\"\nalgorithms = []", "algorithms"),
        ("\"keys.json\"", "\"k\"\nleeway-seconds = 301", "leeway-seconds"),
        ("\"keys.json\"", "\"k\"\nwithin = \"a\"\nwithin-claim = \"b\"", "within-claim"),
        ("\"keys.json\"", "\"k\"\ngrants = [{ claim = \"a\", value = \"b\" }]", "grants[0].words"),
        (
            "\"keys.json\"",
            "\"k\"\ngrants = [{ claim = \"a\", value = \"b\", preset = \"owner\" }]",
            "grants[0].preset",
        ),
        (
            "\"keys.json\"",
            "\"k\"\ngrants = [{ claim = \"a\", value = \"b\", words = [\"all\"] }]",
            "grants[0].words",
        ),
        ("\"keys.json\"", "\"k\"\ncolour = \"red\"", "colour"),
    ] {
        let message = refusal(&ISSUER.replacen(from, to, 1), &[], &[]);
        assert!(message.contains(key), "{to}\n{message}");
    }
    assert!(refusal(&ISSUER.repeat(2), &[], &[]).contains("two issuers"));
    for good in
        ["\"https://idp.example/keys\"", "\"http://127.0.0.1:8080/keys\"", "\"http://localhost/keys\""]
    {
        assert!(load(&ISSUER.replacen("\"keys.json\"", good, 1), &[], &[]).is_ok(), "{good}");
    }
}

#[test]
fn an_origin_of_the_json_interface_is_one_of_https() {
    let of = |origin: &str| load(&format!("[orchestrator]\norigin = \"{origin}\"\n"), &[], &[]);
    for origin in ["https://devices.example.com", "https://localhost:8443", "https://[::1]:8443"] {
        assert_eq!(of(origin).unwrap().orchestrator.origin.as_deref(), Some(origin));
    }
    for origin in
        ["", "https://", "http://devices.example.com", "devices.example.com", "https://a/", "https://A"]
    {
        assert!(of(origin).unwrap_err().contains("orchestrator.origin"), "{origin}");
    }
}
