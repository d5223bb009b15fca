"""The host: every way in which a plugin can be wrong ends with the plugin named and the rest at work."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from serkit.errors import PluginError, UnknownNameError, UserError
from serkit.host import Broken, Host, get_host

METRIC = """
from serkit.host import MetricSpec, hookimpl

@hookimpl
def serkit_metrics():
    return [MetricSpec(name={name!r}, summary="A score.", target={target!r}, host_api={api})]
"""


def metric(name: str, target: str = "json:dumps", api: int = 1) -> str:
    return METRIC.format(name=name, target=target, api=api)


def hook(body: str, name: str = "serkit_metrics", arguments: str = "") -> str:
    return (
        f"from serkit.host import MetricSpec, DatasetSpec, hookimpl\n@hookimpl\ndef {name}({arguments}):\n    {body}\n"
    )


def names(host: Host) -> list[str]:
    return [r.spec.name for r in host.specs("metric")]


def only(host: Host) -> Broken:
    (broken,) = host.broken
    return broken


@pytest.fixture
def good(distribution: Any) -> Any:
    """A plugin that works, so that each test also sees that the rest goes on."""
    return distribution("good", {"scores": "good_hooks"}, {"good_hooks": metric("fine")})


@pytest.fixture
def host_with(good: Any, distribution: Any) -> Any:
    """A host of the good plugin and one made of the given source, with entry point ``bad``."""

    def make(source: str, version: str = "2.1") -> Host:
        host = Host(good + distribution("bad-dist", {"bad": "bad_hooks"}, {"bad_hooks": source}, version))
        assert "fine" in names(host), "a broken plugin took a good one down"
        return host

    return make


def test_a_spec_comes_with_its_origin(good: Any) -> None:
    registered = Host(good).get("metric", "fine")
    assert (registered.distribution, registered.version, registered.source) == ("good", "1.0", "scores")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('no\\nluck')", "importing bad_hooks failed with RuntimeError: no luck"),
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("def (", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("x = 1", "implements none of the hooks"),
        (hook("return []", "serkit_metric"), "unknown hook 'serkit_metric'; did you mean 'serkit_metrics'?"),
        ("def serkit_dataset(): return []", "unknown hook 'serkit_dataset'; did you mean 'serkit_datasets'?"),
        ("def serkit_metrics(): return []", "serkit_metrics is not marked as a hook"),
        (hook("return []", arguments="corpus"), "cannot be registered: PluginValidationError"),
        (hook("raise ValueError('boo')"), "serkit_metrics raised ValueError: boo"),
        (hook("raise SystemExit(1)"), "serkit_metrics raised SystemExit: 1"),
        (hook("return None"), "serkit_metrics returned NoneType where a list of MetricSpec is needed"),
        (hook("return ()"), "serkit_metrics returned tuple where a list of MetricSpec is needed"),
        (hook("return ['uar']"), "a list with str in it where MetricSpec is needed"),
        (hook("return [MetricSpec(name='a', summary='b', target='c:d', new=1)]"), "raised TypeError"),
        (metric("Two Words"), "the name of metric 'Two Words' must be lower-case"),
        (metric("m", target="json.dumps"), "the target of metric 'm' must be 'module:attribute', not 'json.dumps'"),
        (metric("m", api=2), "'m' needs host_api 2 and this SerKit offers 1; upgrade SerKit"),
        (metric("m").replace('"A score."', '""'), "the summary of metric 'm' must be one line"),
        (
            "from serkit.host import hookimpl\n@hookimpl(wrapper=True)\ndef serkit_metrics():\n    return (yield)\n",
            "serkit_metrics is a wrapper",
        ),
    ],
)
def test_a_broken_plugin_is_named_with_its_reason(host_with: Any, source: str, reason: str) -> None:
    broken = only(host_with(source))
    assert (broken.distribution, broken.version, broken.source) == ("bad-dist", "2.1", "bad")
    assert reason in broken.reason
    assert "\n" not in str(broken)


def test_a_wrong_spec_type_is_not_taken_for_another_kind(host_with: Any) -> None:
    source = metric("m").replace("serkit_metrics", "serkit_datasets")
    assert "MetricSpec in it where DatasetSpec is needed" in only(host_with(source)).reason


def test_an_interrupt_is_the_users(distribution: Any) -> None:
    points = distribution("bad", {"bad": "interrupted"}, {"interrupted": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        Host(points)


def test_an_optional_hook_of_a_newer_host_is_ignored(host_with: Any) -> None:
    source = metric("m") + "\n@hookimpl(optionalhook=True)\ndef serkit_of_the_future(): pass\n"
    assert names(host_with(source)) == ["fine", "m"]


def test_the_same_entry_point_name_in_two_distributions_is_no_clash(distribution: Any) -> None:
    first = distribution("one", {"plugin": "one_hooks"}, {"one_hooks": metric("a")})
    second = distribution("two", {"plugin": "two_hooks"}, {"two_hooks": metric("b")})
    host = Host(first + second)
    assert names(host) == ["a", "b"]
    assert host.broken == ()


def test_two_strangers_with_one_name_are_both_out_and_both_named(distribution: Any, good: Any) -> None:
    first = distribution("one", {"p": "one_hooks"}, {"one_hooks": metric("same")}, "1.1")
    second = distribution("two", {"p": "two_hooks"}, {"two_hooks": metric("same")}, "2.2")
    host = Host(first + good + second)
    assert names(host) == ["fine"]
    assert [b.distribution for b in host.broken] == ["one", "two"]
    for broken in host.broken:
        assert "one 1.1" in broken.reason
        assert "two 2.2" in broken.reason
    with pytest.raises(PluginError, match=r"'same'.*'p' of distribution one 1\.1 is broken"):
        host.get("metric", "same")


@pytest.mark.parametrize("stranger_first", [True, False])
def test_a_stranger_cannot_take_our_name(distribution: Any, stranger_first: bool) -> None:
    ours = distribution("serkit", {"metrics": "our_hooks"}, {"our_hooks": metric("uar", "json:loads")}, "9.9")
    stranger = distribution("evil", {"metrics": "evil_hooks"}, {"evil_hooks": metric("uar")})
    host = Host(stranger + ours if stranger_first else ours + stranger)
    assert host.get("metric", "uar").distribution == "serkit"
    assert only(host).distribution == "evil"
    assert "evil 1.0" in only(host).reason
    assert "serkit 9.9" in only(host).reason


def test_a_plugin_is_not_blamed_for_a_clash_with_one_that_is_out_anyway(distribution: Any) -> None:
    two = metric("uar").replace("return [", "return [MetricSpec(name='x', summary='s', target='json:dumps'), ")
    ours = distribution("serkit", {"metrics": "our_hooks"}, {"our_hooks": metric("uar")})
    evil = distribution("evil", {"p": "evil_hooks"}, {"evil_hooks": two})
    innocent = distribution("innocent", {"p": "innocent_hooks"}, {"innocent_hooks": metric("x")})
    host = Host(ours + evil + innocent)
    assert host.get("metric", "x").distribution == "innocent"
    assert only(host).distribution == "evil"


def alias(name: str, *aliases: str) -> str:
    return metric(name).replace("host_api=1", f"aliases={aliases!r}")


def test_a_metric_is_found_by_its_aliases_and_listed_once(distribution: Any) -> None:
    host = Host(distribution("one", {"p": "one_hooks"}, {"one_hooks": alias("recall", "ua", "hits")}))
    assert names(host) == ["recall"]
    assert host.get("metric", "ua") is host.get("metric", "recall")
    assert [r.spec.name for r in host.find("hits")] == ["recall"]
    assert host.load("metric", "ua").__name__ == "dumps"
    with pytest.raises(UnknownNameError, match="did you mean 'hits'"):
        host.get("metric", "hit")
    with pytest.raises(UnknownNameError, match="did you mean 'hits'"):
        host.find("hit")


def test_a_name_that_nothing_is_near_is_not_followed_by_the_names_of_all_kinds() -> None:
    # `serkit plugin check zzz` printed all of them, some 150
    with pytest.raises(UnknownNameError) as unknown:
        Host().find("zzz")
    assert str(unknown.value) == "There is no plugin named 'zzz'; `serkit list` shows what there is."
    with pytest.raises(UnknownNameError, match=r"^There is no dataset named 'zzz'; there is "):  # a kind's are a few
        Host().get("dataset", "zzz")


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (alias("a", "x"), metric("x"), "x"),
        (metric("x"), alias("a", "x"), "x"),
        (alias("a", "x"), alias("b", "x"), "x"),
    ],
)
def test_an_alias_clashes_as_a_name_does(distribution: Any, good: Any, first: str, second: str, shared: str) -> None:
    one = distribution("one", {"p": "one_hooks"}, {"one_hooks": first})
    two = distribution("two", {"p": "two_hooks"}, {"two_hooks": second})
    host = Host(one + good + two)
    assert names(host) == ["fine"]
    assert [b.distribution for b in host.broken] == ["one", "two"]
    assert all(f"its metric {shared!r}" in b.reason for b in host.broken)
    with pytest.raises(PluginError, match="broken"):
        host.get("metric", shared)


def test_our_aliases_are_ours(distribution: Any) -> None:
    ours = distribution("serkit", {"metrics": "our_hooks"}, {"our_hooks": alias("uar", "ua")})
    theirs = distribution("theirs", {"p": "their_hooks"}, {"their_hooks": metric("ua")})
    host = Host(theirs + ours)
    assert host.get("metric", "ua").distribution == "serkit"
    assert only(host).distribution == "theirs"


def test_two_kinds_may_share_a_name(host_with: Any) -> None:
    source = """
from serkit.host import RecipeSpec, hookimpl
@hookimpl
def serkit_recipes():
    return [RecipeSpec(name="fine", summary="s", target="json:a.toml", architecture="a", dataset="d")]
"""
    host = host_with(source)
    assert [r.spec.kind for r in host.find("fine")] == ["metric", "recipe"]


def test_an_unknown_name_suggests_the_nearest(good: Any) -> None:
    with pytest.raises(UnknownNameError, match="no metric named 'fin'; did you mean 'fine'"):
        Host(good).get("metric", "fin")
    with pytest.raises(UnknownNameError, match="no plugin named 'fin'; did you mean 'fine'"):
        Host(good).find("fin")


def test_an_unknown_kind_is_a_sentence(good: Any) -> None:
    with pytest.raises(UnknownNameError, match="no kind of plugin named 'metrics'; did you mean 'metric'"):
        Host(good).get("metrics", "fine")  # type: ignore[arg-type]


def test_the_name_of_a_broken_plugin_leads_to_its_reason(host_with: Any) -> None:
    source = metric("mine") + "\n@hookimpl\ndef serkit_datasets(): raise ValueError('boo')\n"
    with pytest.raises(PluginError, match=r"'mine', but plugin 'bad' of distribution bad-dist 2\.1 .*boo"):
        host_with(source).get("metric", "mine")


def test_a_plugin_for_a_newer_host_is_recognised_by_what_it_offers(host_with: Any) -> None:
    host = host_with(metric("newest", api=9))
    with pytest.raises(PluginError, match=r"'newest', but plugin 'bad' .* needs host_api 9 and this SerKit offers 1"):
        host.get("metric", "newest")
    assert only(host).names == (("metric", "newest"),)


def test_a_hint_that_asks_ends_the_sentence(host_with: Any) -> None:
    with pytest.raises(PluginError, match=r"did you mean 'serkit_metrics'\?$"):
        host_with(hook("return []", "serkit_metric")).get("metric", "bad")


@pytest.mark.parametrize("asked", ["bad", "bad-dist", "Bad_Dist"])
def test_a_plugin_without_specs_is_recognised_by_its_own_name(host_with: Any, asked: str) -> None:
    with pytest.raises(PluginError, match="importing bad_hooks failed with RuntimeError: boo"):
        host_with("raise RuntimeError('boo')").get("architecture", asked)


def test_an_unknown_name_tells_of_broken_plugins(host_with: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"Broken plugins may offer it: bad \(see `serkit doctor`\)"):
        host_with("raise RuntimeError('boo')").get("architecture", "lstm")


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("raise RuntimeError('late')", "RuntimeError: late"),
        ("raise SystemExit(2)", "SystemExit: 2"),
        ("x = 1", "AttributeError"),
    ],
)
def test_a_target_that_fails_is_named_and_the_rest_goes_on(
    distribution: Any, good: Any, module: str, reason: str
) -> None:
    modules = {"late_hooks": metric("late", "late_code:score"), "late_code": module}
    host = Host(good + distribution("late", {"late": "late_hooks"}, modules))
    with pytest.raises(PluginError) as caught:
        host.load("metric", "late")
    for part in ("'late'", "late 1.0", "late_code:score", reason):
        assert part in str(caught.value)
    with pytest.raises(PluginError, match="metric 'late' of plugin 'late'"):
        host.load_target("late_code:score")
    assert host.load("metric", "fine")({}) == "{}"


@pytest.mark.parametrize(("owner", "kind"), [("serkit", UserError), ("stranger", PluginError)])
def test_our_own_sentence_passes_and_a_strangers_is_named(distribution: Any, owner: str, kind: type[Exception]) -> None:
    code = "from serkit.errors import UserError\nraise UserError('Set it right.')"
    modules = {"said_hooks": metric("said", "said_code:f"), "said_code": code}
    host = Host(distribution(owner, {"said": "said_hooks"}, modules))
    with pytest.raises(kind, match=r"Set it right\.$") as caught:
        host.load("metric", "said")
    assert type(caught.value) is kind


def test_a_target_of_nobody_is_a_sentence(good: Any) -> None:
    with pytest.raises(PluginError, match="'json:nothing' cannot be imported: AttributeError"):
        Host(good).load_target("json:nothing")
    with pytest.raises(PluginError, match="a target is 'module:attribute'"):
        Host(good).load_target("json")


def test_a_target_is_imported_only_when_asked_for(distribution: Any) -> None:
    modules = {"lazy_hooks": metric("lazy", "lazy_code:f"), "lazy_code": "def f(): return 'here'"}
    host = Host(distribution("lazy", {"lazy": "lazy_hooks"}, modules))
    assert "lazy_code" not in sys.modules
    assert host.load("metric", "lazy")() == "here"


def test_a_missing_recipe_file_is_named(host_with: Any) -> None:
    source = """
from serkit.host import RecipeSpec, hookimpl
@hookimpl
def serkit_recipes():
    return [RecipeSpec(name="r", summary="s", target="json:no.toml", architecture="a", dataset="d")]
"""
    with pytest.raises(PluginError, match=r"recipe 'r' of plugin 'bad'.*'json:no\.toml' failed with FileNotFoundError"):
        host_with(source).recipe_text("r")


def test_notify_reaches_every_observer_and_names_the_one_that_raises(distribution: Any) -> None:
    def source(body: str) -> str:
        return f"seen = []\n{hook(body, 'serkit_run_started', 'run')}"

    points = []
    for name, body in (("a", "seen.append(run)"), ("b", "raise ValueError('boo')"), ("c", "seen.append(run)")):
        points += distribution(name, {"watch": f"watch_{name}"}, {f"watch_{name}": source(body)})
    host = Host(points)
    with pytest.warns(RuntimeWarning, match="serkit_run_started of plugin 'watch' of distribution b 1.0.*boo"):
        host.notify("serkit_run_started", run=7)
    assert [sys.modules[m].seen for m in ("watch_a", "watch_b", "watch_c")] == [[7], [], [7]]


def test_notify_knows_its_hooks(good: Any) -> None:
    for name in ("serkit_run_begun", "serkit_metrics"):
        with pytest.raises(ValueError, match="is not an observer hook"):
            Host(good).notify(name)


@pytest.mark.parametrize(
    ("value", "found", "left_out", "not_installed"),
    [
        (None, ["a", "b", "ours"], (), ()),
        ("", ["ours"], ("dist-a", "dist-b"), ()),
        ("dist_A", ["a", "ours"], ("dist-b",), ()),
        (" dist-a , Dist.B,", ["a", "b", "ours"], (), ()),
        ("serkit", ["ours"], ("dist-a", "dist-b"), ()),
        ("dist-b,elsewhere", ["b", "ours"], ("dist-a",), ("elsewhere",)),
    ],
)
def test_serkit_plugins_chooses_distributions(
    distribution: Any,
    monkeypatch: pytest.MonkeyPatch,
    value: str | None,
    found: list[str],
    left_out: tuple[str, ...],
    not_installed: tuple[str, ...],
) -> None:
    points = distribution("serkit", {"metrics": "our_hooks"}, {"our_hooks": metric("ours")})
    for letter in "ab":
        points += distribution(f"dist-{letter}", {"p": f"hooks_{letter}"}, {f"hooks_{letter}": metric(letter)})
    if value is not None:
        monkeypatch.setenv("SERKIT_PLUGINS", value)
    host = Host(points)
    assert names(host) == found
    assert host.left_out == left_out
    assert host.not_installed == not_installed


def test_a_plugin_left_out_is_not_even_imported(distribution: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    points = distribution("bad", {"bad": "bad_hooks"}, {"bad_hooks": "raise RuntimeError"})
    monkeypatch.setenv("SERKIT_PLUGINS", "")
    host = Host(points)
    assert host.broken == ()
    with pytest.raises(UnknownNameError, match="SERKIT_PLUGINS leaves out bad"):
        host.get("metric", "m")


def test_our_own_plugins_are_whole() -> None:
    host = get_host()
    assert [str(b) for b in host.broken if b.distribution == "serkit"] == []
    assert host is get_host()


def test_every_target_of_ours_can_be_imported() -> None:
    from serkit.host.checks import KINDS, references

    host = get_host()
    ours = [r for kind in KINDS for r in host.specs(kind) if r.distribution == "serkit"]
    assert {r.spec.kind for r in ours} == set(KINDS)
    for registered in ours:
        host.load(registered.spec.kind, registered.spec.name)  # type: ignore[arg-type]
        if registered.spec.kind != "recipe":
            for reference in references(registered.spec).values():
                host.load_target(reference)
