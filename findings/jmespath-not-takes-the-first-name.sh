#!/usr/bin/env bash
# `!` in JMESPath negates the first name of a path, but the whole of an indexed one.
#
# Libraries: jmespath 1.1.0, jmespath-community 1.1.3.
# Expected:  `!a.b` is true when `a.b` is false or missing, as `!a[0]` is when `a[0]` is.
# Seen:      `!a.b` is read as `(!a).b`: a property of true or false, which is always null, so that a filter with it
#            keeps nothing, whatever `b` is. `!a[0]` is read as `!(a[0])`, because `[` binds closer than `!` and `.`
#            does not; `!a[0].b` is `(!(a[0])).b`, null again. Neither library reports it.
#
# Run it with `bash`, from any directory. It exits with 1 when the behaviour is no longer the one above.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# Both packages install a module `jmespath`, so each has a folder of its own.
for package in jmespath==1.1.0 jmespath-community==1.1.3; do
    "$folder/venv/bin/python" -m pip --disable-pip-version-check install --quiet --target "$folder/${package%%=*}" "$package"
done
cat > "$folder/seen.py" <<'PYTHON'
import jmespath

data = {"a": {"b": False}, "list": [False], "rows": [{"a": {"gone": False}}]}
for text in ("!a.b", "!(a.b)", "!list[0]", "!rows[0].a", "rows[?!a.gone]", "rows[?!(a.gone)]"):
    print(text, "->", jmespath.search(text, data))
PYTHON
expected='!a.b -> None
!(a.b) -> True
!list[0] -> True
!rows[0].a -> None
rows[?!a.gone] -> []
rows[?!(a.gone)] -> [{'"'a': {'gone': False}"'}]'
status=0
for library in jmespath jmespath-community; do
    seen=$(PYTHONPATH="$folder/$library" "$folder/venv/bin/python" "$folder/seen.py")
    echo "$library:"
    echo "$seen"
    [ "$seen" = "$expected" ] || status=1
done
exit $status
