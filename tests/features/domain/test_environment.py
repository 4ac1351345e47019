from features.domain.environment import broken_settings, partless_variable, unknown_variable


def test_one_unknown_variable_is_named_with_what_was_meant() -> None:
    said = unknown_variable({"PART_HOST": "::1", "part_prot": "80", "PATH": "/bin"}, "PART_", ["host", "port"])
    assert said is not None
    assert said.startswith("part_prot must be a setting that exists")
    assert "Did you mean PART_PORT?" in said


def test_a_variable_like_nothing_known_is_answered_with_all_that_are() -> None:
    said = unknown_variable({"PART_ZZZZ": "1"}, "PART_", ["port", "host"])
    assert said is not None
    assert said.endswith("Known are PART_HOST, PART_PORT.")


def test_known_variables_in_any_case_and_those_of_other_parts_pass() -> None:
    assert unknown_variable({"part_port": "1", "OTHER_PROT": "2"}, "PART_", ["port"]) is None


def test_a_variable_that_lacks_its_part_is_named_in_any_case_unless_it_is_shared() -> None:
    environment = {"all_port": "1", "ALL_HOME": "x", "PORT": "2", "ALL_OTHER_PORT": "3"}
    said = partless_variable(environment, "ALL_PART_", ["home", "port"], {"ALL_HOME"})
    assert said is not None
    assert said.startswith("all_port must name its part")
    assert said.endswith("Did you mean ALL_PART_PORT?")
    assert partless_variable(environment, "ALL_PART_", ["home"], {"ALL_HOME"}) is None


def test_every_broken_setting_is_named_as_its_variable() -> None:
    said = broken_settings("PART_", [("port", "must be a port"), ("PART_HOME", "must be a folder")])
    assert "PART_PORT: must be a port; PART_HOME: must be a folder." in said
