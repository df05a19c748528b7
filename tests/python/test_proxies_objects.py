"""A plain object: its properties as items and attributes, and as a dict's."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest


@pytest.fixture
def about(context: ist.Context) -> Any:
    return context.eval("({ a: 1, b: [2], none: undefined, nil: null })")


def test_properties_are_items_and_attributes(about: Any) -> None:
    assert about["a"] == about.a == 1
    assert about.none is ist.undefined and about["none"] is ist.undefined
    assert about.nil is None
    assert about["toString"] is not None and "toString" in about


def test_what_is_not_there_is_an_error(about: Any) -> None:
    with pytest.raises(KeyError, match="'x'"):
        about["x"]
    with pytest.raises(KeyError, match="'\u4e2d'"):
        about["\u4e2d"]
    with pytest.raises(KeyError, match="5"):
        about[5]
    with pytest.raises(AttributeError, match="no property 'x'"):
        _ = about.x
    assert not hasattr(about, "x") and getattr(about, "x", 3) == 3


def test_properties_are_set_and_deleted(about: Any, context: ist.Context) -> None:
    about["c"] = [1]
    about.d = "x"
    about["\ud800 \0"] = 5
    about[7] = "seven"
    assert context.eval("o => JSON.stringify(o)")(about) == (
        '{"7":"seven","a":1,"b":[2],"nil":null,"c":[1],"d":"x","\\ud800 \\u0000":5}'
    )
    assert about["\ud800 \0"] == 5 and about[7] == about["7"] == "seven"
    del about["c"], about.d, about[7]
    assert "c" not in about and "d" not in about and 7 not in about
    with pytest.raises(KeyError, match="'c'"):
        del about["c"]
    with pytest.raises(KeyError, match="'toString'"):
        del about["toString"]
    with pytest.raises(AttributeError, match="no property 'd' of its own"):
        del about.d


def test_it_is_like_a_dict(about: Any) -> None:
    assert len(about) == 4 and list(about) == ["a", "b", "none", "nil"]
    assert about.keys() == ["a", "b", "none", "nil"]
    assert about.values()[0] == 1 and about.items()[0] == ("a", 1)
    assert about.get("a") == 1 and about.get("x") is None and about.get("x", 2) == 2
    assert dict(about) == about and {**about}["a"] == 1


def test_properties_of_these_names_are_the_objects_own(context: ist.Context) -> None:
    about = context.eval("({ keys: 1, values: 2, items: 3, get: 4 })")
    assert [about.keys, about.values, about.items, about.get] == [1, 2, 3, 4]
    assert list(context.eval("Object").keys({"a": 1})) == ["a"]


def test_an_object_is_true_even_when_it_is_empty(context: ist.Context) -> None:
    assert context.eval("({})") and context.eval("() => 1")


def test_it_equals_itself_and_a_dict_of_its_contents(context: ist.Context) -> None:
    about, other = context.eval("({ a: [1] })"), context.eval("({ a: [1] })")
    assert about == about and about != other and len({about, other, about}) == 2
    assert about == {"a": [1]} and about != {"a": [2]} and about != {"a": [1], "b": 1}
    assert about != 1 and about is not None


def test_the_same_object_is_the_same_proxy(context: ist.Context) -> None:
    context.eval("globalThis.o = {}; globalThis.f = () => o")
    about = context["o"]
    assert context["o"] is about and context.eval("f()") is about
    assert context.eval("x => x === o")(about) is True
    assert context.eval("g => g(o)")(lambda given: given is about) is True


def test_writing_what_is_read_only_is_an_error(context: ist.Context) -> None:
    frozen = context.eval("Object.freeze({ a: 1 })")
    with pytest.raises(ist.JSError, match="Cannot assign to read only property 'a'"):
        frozen["a"] = 2
    with pytest.raises(ist.JSError, match="Cannot add property b"):
        frozen.b = 2
    with pytest.raises(ist.JSError, match="Cannot delete property 'a'"):
        del frozen["a"]
    with pytest.raises(ist.JSError, match="which has only a getter"):
        context.eval("({ get a() { return 1 } })").a = 2
    assert frozen.a == 1


def test_what_getters_and_setters_throw_is_raised(context: ist.Context) -> None:
    about = context.eval(
        "({ get a() { throw new RangeError('got') }, set b(x) { throw new RangeError('set') } })"
    )
    for use in (lambda: about.a, lambda: about["a"], lambda: about.values(), lambda: about.items()):
        with pytest.raises(ist.JSError, match="RangeError: got"):
            use()
    with pytest.raises(ist.JSError, match="RangeError: set"):
        about.b = 1
    assert len(about) == 2


@pytest.mark.slow
def test_getters_that_never_end_are_ended() -> None:
    with ist.Isolate(timeout=0.2) as isolate, isolate.context() as context:
        about = context.eval("({ get a() { for (;;); } })")
        proxy = context.eval("new Proxy({}, { get() { for (;;); }, ownKeys() { for (;;); } })")
        for use in (
            lambda: about.a,
            lambda: about.to_python(),
            lambda: proxy.x,
            lambda: len(proxy),
        ):
            with pytest.raises(ist.JSTimeoutError):
                use()
        assert context.eval("1") == 1


def test_a_proxy_of_javascripts_does_as_it_likes(context: ist.Context) -> None:
    about = context.eval(
        "new Proxy({}, { get: (t, key) => String(key) + '!', has: () => true, ownKeys: () => ['k'],"
        " getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) })"
    )
    assert isinstance(about, ist.JSProxy)
    assert about["x"] == "x!" and about.y == "y!" and "z" in about and about.keys == "keys!"
    revoked = context.eval("r = Proxy.revocable(() => 1, {}); r.revoke(); r.proxy")
    for use in (lambda: revoked["x"], lambda: revoked.x, lambda: len(revoked), lambda: revoked()):
        with pytest.raises(ist.JSError, match="has been revoked"):
            use()
    assert context.eval("new Proxy(x => x + 1, {})")(1) == 2
    assert repr(revoked) == "[Proxy]"


def test_keys_are_texts_integers_and_symbols(about: Any) -> None:
    for key in (1.5, None, True, (1,), b"a"):
        with pytest.raises(TypeError, match="a property's key is a str, an int or a JSSymbol, not"):
            about[key]
        with pytest.raises(TypeError, match="a property's key is a str, an int or a JSSymbol, not"):
            about[key] = 1
        assert key not in about


def test_proxies_are_not_made_by_python() -> None:
    for kind in (ist.JSObject, ist.JSArray, ist.JSFunction, ist.JSMap, ist.JSSet, ist.JSSymbol):
        with pytest.raises(TypeError, match=f"{kind.__name__} objects come out of JavaScript"):
            kind()


def test_a_proxy_of_nothing_does_nothing() -> None:
    empty = ist.JSObject.__new__(ist.JSObject)
    with pytest.raises((TypeError, AttributeError)):
        empty["x"]
    with pytest.raises(AttributeError):
        _ = empty.x
    function = ist.JSFunction.__new__(ist.JSFunction)
    with pytest.raises((TypeError, AttributeError)):
        function(1)
    with pytest.raises((TypeError, AttributeError)):
        function()


def test_after_closing_it_says_so(isolate: ist.Isolate) -> None:
    with isolate.context() as context:
        about = context.eval("({ a: 1, f() {} })")
        method = about.f
    for use in (
        lambda: about["a"],
        lambda: about.a,
        lambda: len(about),
        lambda: list(about),
        lambda: "a" in about,
        lambda: about.to_python(),
        lambda: setattr(about, "a", 1),
        method,
        lambda: method.new(),
    ):
        with pytest.raises(ist.ClosedError, match="closed"):
            use()
    assert repr(about) == "<JSObject (closed)>"
    with isolate.context() as other, pytest.raises(ist.ClosedError, match="closed"):
        other["o"] = about


def test_objects_of_another_isolate_are_refused(context: ist.Context) -> None:
    with ist.Isolate() as isolate, isolate.context() as other:
        about, symbol = other.eval("({ f() {} })"), other.eval("Symbol()")
        for given in (about, symbol, about.f, [about]):
            with pytest.raises(ist.StateError, match="belongs to another isolate"):
                context.eval("x => x")(given)


def test_objects_pass_between_contexts_of_one_isolate(isolate: ist.Isolate) -> None:
    with isolate.context() as one, isolate.context() as two:
        about = one.eval("({ a: 1 })")
        two["o"] = about
        assert two["o"] is about and two.eval("o.a") == 1
