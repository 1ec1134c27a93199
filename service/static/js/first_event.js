// Asks every three seconds whether the first event came, while somebody looks.

const place = document.querySelector("[data-poll]");

async function look() {
  if (document.hidden) return;
  const answer = await fetch(place.dataset.poll, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text();
  if (!fresh.content.querySelector("[data-arrived]")) return;
  place.replaceChildren(fresh.content);
  clearInterval(timer);
}

const timer = setInterval(() => look().catch(() => { /* the network is away for a moment: the next look tells */ }), 3000);
if (place.querySelector("[data-arrived]")) clearInterval(timer);
