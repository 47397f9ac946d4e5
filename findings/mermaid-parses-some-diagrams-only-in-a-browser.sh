#!/usr/bin/env bash
# Mermaid parses diagrams in Node, unless their kind or their labels need a browser's DOM.
#
# Libraries: mermaid 12.3.0.
# Expected:  `mermaid.parse` only reads text, so it reads all kinds of diagrams in Node, or none.
# Seen:      sequence, entity and pie diagrams are parsed, and so is a flowchart of bare names. A flowchart with
#            a label on a node, a state diagram and a class diagram raise "DOMPurify.addHook is not a function":
#            their text is made clean while it is parsed. A program that checks the diagrams that it writes has
#            to know which of them it can check without a browser.
#
# Run it with `bash`, from any directory. It exits with 1 when the behaviour is no longer the one above.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock mermaid@12.3.0
cat > seen.mjs <<'JAVASCRIPT'
import mermaid from "mermaid";

const diagrams = {
  sequence: "sequenceDiagram\n    A->>B: ask\n",
  entities: "erDiagram\n    A ||--o{ B : has\n",
  pie: 'pie\n    "a" : 1\n',
  "bare flowchart": "flowchart LR\n    a --> b\n",
  "flowchart with labels": "flowchart LR\n    a[one] --> b[two]\n",
  state: "stateDiagram-v2\n    [*] --> a\n",
  class: "classDiagram\n    A <|-- B\n",
};
for (const [name, text] of Object.entries(diagrams)) {
  const seen = await mermaid.parse(text).then(() => "parsed", (error) => error.message);
  console.log(`${name}: ${seen}`);
}
JAVASCRIPT
seen=$(timeout 60 node seen.mjs)
echo "$seen"
[ "$(grep -c ': parsed$' <<< "$seen")" = 4 ] && [ "$(grep -c ': DOMPurify.addHook is not a function$' <<< "$seen")" = 3 ]
