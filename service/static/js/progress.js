// Looks every second how far the work is, and goes on when it is done. Said aloud every five seconds at most.

const place = document.querySelector("[data-poll]");
const said = document.querySelector("[data-said]");
let spokenAt = 0;

function speak(text) {
  if (Date.now() - spokenAt < 5000 || said.textContent === text) return;
  said.textContent = text;
  spokenAt = Date.now();
}

async function look() {
  if (document.hidden) return;
  const answer = await fetch(place.dataset.poll, { headers: { Accept: "text/html" } });
  if (answer.redirected) { // signed out meanwhile: the page itself asks to sign in again
    location.reload();
    return;
  }
  if (!answer.ok) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text();
  const moving = fresh.content.querySelector(".moving");
  if (!moving) return;
  speak(moving.dataset.spoken);
  if (moving.dataset.next) {
    clearInterval(timer);
    location.replace(moving.dataset.next);
    return;
  }
  place.replaceChildren(fresh.content);
}

const timer = setInterval(() => look().catch(() => { /* the network is away for a moment: the next look tells */ }), 1000);
document.addEventListener("visibilitychange", () => look().catch(() => { /* as above */ }));
