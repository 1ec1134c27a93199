// Finds clients while one types: the list is fetched, the address follows, the number found is said once one stops.

const form = document.querySelector("form[data-found-at]");
const place = document.querySelector("[data-found]");
const said = document.querySelector("[data-said]");
const TYPING = 200;
const SPEAKING = 900;
let underWay = null;
let waiting = 0;
let speaking = 0;

function asked() {
  const told = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value.trim()) told.append(name, value);
  // A currency alone asks for nothing: it belongs to the amounts.
  if (!told.has("least") && !told.has("most")) told.delete("currency");
  return told.toString();
}

function address(path) {
  const told = asked();
  return told ? `${path}?${told}` : path;
}

function speak() {
  clearTimeout(speaking);
  speaking = setTimeout(() => { said.textContent = place.querySelector("[data-number]")?.textContent ?? ""; }, SPEAKING);
}

async function find() {
  underWay?.abort();
  underWay = new AbortController();
  const { signal } = underWay;
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address(form.dataset.foundAt), { signal, headers: { Accept: "text/html" } });
    if (answer.redirected || !answer.ok) { // signed out meanwhile, or something is wrong: the whole page tells
      location.assign(address(form.action));
      return;
    }
    const fresh = document.createElement("template");
    fresh.innerHTML = await answer.text();
    if (signal.aborted) return;
    place.replaceChildren(fresh.content);
    history.replaceState(null, "", address(form.action));
    place.removeAttribute("aria-busy");
    speak();
  } catch (fault) {
    if (fault.name === "AbortError") return; // the next letter asked anew
    place.removeAttribute("aria-busy"); // the network is away for a moment: what was found stays
  }
}

function soon(event) {
  clearTimeout(waiting);
  waiting = setTimeout(find, event.type === "input" ? TYPING : 0);
}

if (form && place) {
  form.querySelector(".buttons").hidden = true; // every choice is followed at once
  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    find();
  });
}
