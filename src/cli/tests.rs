//! What the command line promises: help with examples, statuses, options that are keys.

use clap::{Command as Clap, CommandFactory};

use super::*;
use crate::config::OPTIONS;

fn parse_line(line: &[&str], env: &[(&str, &str)]) -> Result<Invocation, Box<Refusal>> {
    let line = std::iter::once("valtuus").chain(line.iter().copied()).map(OsString::from);
    parse(line, env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
}

fn refused(line: &[&str]) -> Refusal {
    *parse_line(line, &[]).expect_err("this line must be refused")
}

fn every_command(command: &Clap, check: &mut impl FnMut(&Clap)) {
    check(command);
    command.get_subcommands().for_each(|inner| every_command(inner, check));
}

#[test]
fn the_declaration_is_sound() {
    args::Cli::command().debug_assert();
}

#[test]
fn help_on_every_level_has_an_example_that_can_be_parsed() {
    every_command(&args::Cli::command(), &mut |command| {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<&str> =
            help.lines().filter_map(|line| line.trim().strip_prefix("valtuus ")).collect();
        assert!(!examples.is_empty(), "{} has no example", command.get_name());
        for example in examples {
            // What a shell would put in, and what it would not pass on.
            let head = format!("1:{}", "0".repeat(64));
            let words = example.split(['<', '>']).next().unwrap_or_default().replace('\'', "");
            let words = words.replace("\"$(cat head-of-monday)\"", &head);
            let line = std::iter::once("valtuus").chain(words.split_whitespace());
            let parsed = args::Cli::try_parse_from(line);
            assert!(parsed.is_ok(), "{example}: {:?}", parsed.err());
        }
    });
}

#[test]
fn every_option_of_serve_and_of_all_commands_is_a_key() {
    let not_keys = ["config", "set", "help", "version"];
    let command = args::Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    for argument in command.get_arguments().chain(serve.get_arguments()) {
        let name = argument.get_long().unwrap();
        let name = name.strip_suffix("-file").unwrap_or(name);
        let known = OPTIONS.iter().any(|(option, _)| *option == name) || not_keys.contains(&name);
        assert!(known, "--{name} is no key");
    }
}

#[test]
fn every_option_of_serve_reaches_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "correct horse").unwrap();
    let line = [
        "serve",
        "--listen",
        "127.0.0.3:1",
        "--tls-cert",
        "c",
        "--tls-key",
        "k",
        "--demo",
        "--absolute-urls",
        "--workers",
        "3",
        "--no-migrate",
        "--bootstrap-password-file",
        secret.to_str().unwrap(),
        "--data-dir",
        "d",
        "--database-url",
        "postgres://db/v",
        "--json",
        "--set",
        "limits.depth=9",
    ];
    let Invocation { config, command } = parse_line(&line, &[]).unwrap();
    assert!(matches!(command, Command::Serve(_)));
    let serve = &config.serve;
    assert_eq!(serve.listen.to_string(), "127.0.0.3:1");
    assert!(serve.demo && serve.no_migrate && !serve.plain_http && config.answers.absolute_urls);
    assert_eq!((serve.workers, config.limits.depth, config.output.json), (Some(3), 9, true));
    assert_eq!(config.tls.cert.as_deref(), Some("c".as_ref()));
    assert_eq!(config.tls.key.as_deref(), Some("k".as_ref()));
    assert_eq!(config.store.data_dir, std::path::Path::new("d"));
    assert_eq!(config.store.database_url.unwrap().expose(), "postgres://db/v");
    assert_eq!(config.auth.bootstrap_password.unwrap().expose(), "correct horse");
    assert!(parse_line(&["serve", "--plain-http"], &[]).unwrap().config.serve.plain_http);
}

#[test]
fn a_switch_that_is_not_given_leaves_the_environment_in_force() {
    let config = parse_line(&["serve"], &[("VALTUUS_DEMO", "true")]).unwrap().config;
    assert!(config.serve.demo);
    let config =
        parse_line(&["serve", "--set", "serve.demo=false"], &[("VALTUUS_DEMO", "true")]).unwrap().config;
    assert!(!config.serve.demo);
}

#[test]
fn the_file_is_named_by_an_option_or_a_variable_and_the_option_wins() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, depth: u32| {
        let path = dir.path().join(name);
        std::fs::write(&path, format!("[limits]\ndepth = {depth}\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (a, b) = (file("a", 11), file("b", 12));
    let by_variable = parse_line(&["check"], &[("VALTUUS_CONFIG", &a)]).unwrap();
    assert_eq!(by_variable.config.limits.depth, 11);
    let by_both = parse_line(&["check", "--config", &b], &[("VALTUUS_CONFIG", &a)]).unwrap();
    assert_eq!(by_both.config.limits.depth, 12);
}

#[test]
fn help_and_version_are_results_and_everything_else_is_a_usage_error() {
    for line in [&["--help"][..], &["--version"], &["client", "add", "--help"]] {
        let refusal = refused(line);
        assert!(refusal.on_stdout && refusal.exit == Exit::Done && !refusal.text.is_empty(), "{line:?}");
    }
    for line in [&[][..], &["sing"], &["serve", "--loud"], &["client"], &["config", "show", "--set", "depth"]]
    {
        let refusal = refused(line);
        assert!(!refusal.on_stdout && refusal.exit == Exit::Usage && !refusal.text.is_empty(), "{line:?}");
    }
}

#[test]
fn a_wrong_configuration_is_refused_with_status_2_whatever_the_command() {
    for command in ["serve", "check", "reindex"] {
        let refusal = refused(&[command, "--set", "limits.dept=3"]);
        assert_eq!((refusal.exit.code(), refusal.on_stdout), (2, false));
        assert!(refusal.text.contains("`limits.depth`") && refusal.text.ends_with('\n'), "{}", refusal.text);
    }
}

#[test]
fn no_refusal_repeats_a_secret() {
    for line in [
        ["serve", "--set", "bootstrap-pasword=canary"],
        ["serve", "--set", "auth.bootstrap-pasword=canary"],
        ["serve", "--database-url", "mysql://anna:canary@db"],
        ["check", "--set", "database-url=canary"],
    ] {
        let refusal = refused(&line);
        assert!(!refusal.text.contains("canary") && refusal.exit == Exit::Usage, "{}", refusal.text);
    }
}

#[test]
fn a_client_needs_a_preset_or_grants_and_never_both() {
    let add = |rest: &[&str]| {
        let line: Vec<&str> = ["client", "add", "sso"].iter().chain(rest).copied().collect();
        parse_line(&line, &[]).map(|invocation| match invocation.command {
            Command::Client { action: ClientAction::Add(add) } => add,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(add(&["--preset", "reader"]).unwrap().preset, Some(Preset::Reader));
    let granted = add(&["--grant", "read:*", "--grant", "update:user", "--password-stdin"]).unwrap();
    let expected = [("read", None), ("update", Some("user"))]
        .map(|(verb, kind)| GrantSpec { verb: Some(String::from(verb)), kind: kind.map(String::from) });
    assert_eq!(granted.grants, expected);
    assert!(granted.password_stdin);
    assert_eq!(add(&["--grant", "*:*"]).unwrap().grants, [GrantSpec { verb: None, kind: None }]);
    for rest in [
        &[][..],
        &["--preset", "king"],
        &["--preset", "reader", "--grant", "read:user"],
        &["--grant", "read"],
        &["--grant", ":user"],
        &["--grant", "read:"],
        &["--grant", "re ad:user"],
    ] {
        assert_eq!(add(rest).unwrap_err().exit, Exit::Usage, "{rest:?}");
    }
}

#[test]
fn what_is_not_built_is_not_listed() {
    let mut names = Vec::new();
    every_command(&args::Cli::command(), &mut |command| names.push(command.get_name().to_owned()));
    names.sort();
    let mut expected: Vec<&str> =
        "valtuus serve migrate client add list disable enable reset token config show check reindex check bench \
         import digit export digit backup restore completions man audit verify head export archive ledger verify"
            .split(' ')
            .collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn config_show_prints_what_is_in_force_and_no_secret() {
    let env = [("VALTUUS_BOOTSTRAP_PASSWORD", "canary-1"), ("VALTUUS_LIMITS__DEPTH", "17")];
    for json in [false, true] {
        let line: &[&str] = if json { &["config", "show", "--json"] } else { &["config", "show"] };
        let Invocation { config, command } = parse_line(line, &env).unwrap();
        let Command::Config { action } = command else { panic!("{command:?}") };
        let mut out = Vec::new();
        assert_eq!(config::run(&action, &config, &mut out).unwrap(), Exit::Done);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("17") && !text.contains("canary"), "{text}");
        if json {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["limits"]["depth"], 17);
        } else {
            assert!(text.contains("depth = 17"), "{text}");
        }
    }
}

#[test]
fn config_check_says_that_all_is_well() {
    let Invocation { config, .. } = parse_line(&["config", "check"], &[]).unwrap();
    let mut out = Vec::new();
    assert_eq!(config::run(&ConfigAction::Check, &config, &mut out).unwrap(), Exit::Done);
    assert_eq!(out, b"the configuration is sound\n");
}
