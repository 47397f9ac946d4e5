// Asks the engine. A refusal is an Error whose message is a sentence for the reader.
export async function ask(question, data = {}) {
  let response;
  try {
    response = await fetch(`/api/${question}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(data),
    });
  } catch {
    throw new Error("The studio does not answer: is `crossdock studio` still running?");
  }
  if (response.status === 403) throw new Error("The studio was started anew: open the address that it printed.");
  const answer = await response.json().catch(() => ({ refused: `the studio failed (${response.status})` }));
  if (answer.refused) throw new Error(answer.refused);
  return answer;
}

// Calls `heard` with each event of a stream; the browser connects again by itself.
export function listen(path, heard) {
  const events = new EventSource(path);
  events.addEventListener("message", (event) => heard(JSON.parse(event.data)));
  return events;
}
