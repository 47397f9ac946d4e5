// One line of JSON in, one out: {"program", "tables"}, {"load": payload}, {"calls": n} or {"result": true}.
import { createInterface } from "node:readline";
import jsonata from "jsonata";

let expression, tables, payload;

async function answer(request) {
  if ("program" in request) {
    expression = jsonata(request.program);
    tables = request.tables;
    return {};
  }
  if ("load" in request) {
    payload = request.load;
    return {};
  }
  if ("calls" in request) {
    const begun = process.cpuUsage();
    for (let call = 0; call < request.calls; call++) {
      await expression.evaluate(payload, tables);
    }
    const used = process.cpuUsage(begun);
    return { seconds: (used.user + used.system) / 1e6 };
  }
  return { result: await expression.evaluate(payload, tables) };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
}
