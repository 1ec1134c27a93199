// The builder of automations, quicker: rows come and go without a new page, texts show what they say, fields are
// searched and inserted where one writes. Everything here works without it, by the buttons of the form.

const TYPING = 350;
let waiting = 0;
const underWay = new Map();

async function fragment(address, body, headers, signal) {
  const answer = await fetch(address, { method: "POST", body, headers: { Accept: "text/html", ...headers }, signal });
  if (!answer.ok || answer.redirected) return null;
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text();
  return fresh.content;
}

// The newest question of a kind is the only one that counts; an older answer is null.
async function newest(kind, address, body, headers = {}) {
  underWay.get(kind)?.abort();
  const control = new AbortController();
  underWay.set(kind, control);
  try {
    return await fragment(address, body, headers, control.signal);
  } catch (fault) {
    return null; // asked anew meanwhile, or the network is away: what stands there stays
  }
}

// Step 2: conditions.

function conditions(form) {
  const place = (part) => form.querySelector(`[data-part-of="${part}"]`);
  let line = Promise.resolve();

  function said(pressed) {
    const body = new FormData(form);
    body.set("do", pressed);
    return body;
  }

  async function judged() {
    const fresh = await newest("judged", form.action, said("look"), { "X-Part": "judged" });
    if (fresh !== null) place("judged").replaceChildren(fresh);
  }

  // The form with a condition more or less; what was written while it was fetched is written into it again.
  async function reshaped(pressed) {
    const sent = said(pressed);
    const fresh = await fragment(form.action, sent, { "X-Part": "filter" }).catch(() => null);
    if (fresh === null) return;
    const focus = document.activeElement?.id;
    const late = [...new FormData(form)].filter(([name, value]) => sent.get(name) !== value);
    place("filter").replaceChildren(fresh);
    for (const [name, value] of pressed === "look" ? late : []) if (form.elements[name]) form.elements[name].value = value;
    if (focus) document.getElementById(focus)?.focus();
  }

  function inLine(pressed) {
    line = line.then(() => reshaped(pressed));
    return line;
  }

  async function pressed(what) {
    const before = new Set([...form.querySelectorAll("[data-shapes]")].map((one) => one.id));
    await inLine(what);
    const added = [...form.querySelectorAll("input[data-shapes]")].find((one) => !before.has(one.id));
    (added ?? form.querySelector("[data-part-of=filter] button"))?.focus();
    await judged();
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (button?.dataset.look !== undefined) {
      event.preventDefault();
      inLine("look").then(judged);
    } else if (/^(add|group|remove) /.test(button?.value ?? "")) {
      event.preventDefault();
      pressed(button.value);
    }
  });
  form.addEventListener("change", async (event) => {
    if (event.target.dataset.shapes !== undefined) await inLine("look"); // another field has other comparisons
    await judged();
  });
  form.addEventListener("input", (event) => {
    if (event.target.dataset.shapes !== undefined) return;
    clearTimeout(waiting);
    waiting = setTimeout(judged, TYPING);
  });
}

// Step 3: what each text says, and the fields to insert.

async function said(form, input) {
  const place = form.querySelector(`[data-says="${CSS.escape(input.name)}"]`);
  const body = new FormData();
  body.set("csrf_token", form.elements.csrf_token.value);
  body.set("name", input.name);
  body.set("template", input.value);
  const fresh = await newest(input.name, form.dataset.saysAt, body);
  if (fresh !== null) place.replaceChildren(fresh);
}

function inserted(input, text) {
  const [from, to] = [input.selectionStart ?? input.value.length, input.selectionEnd ?? input.value.length];
  input.setRangeText(text, from, to, "end");
  input.focus();
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function picker(form) {
  const list = document.querySelector("[data-fields]");
  const home = list.parentElement;
  const dialog = document.createElement("dialog");
  const search = Object.assign(document.createElement("input"), { type: "search", className: "form-control", placeholder: form.dataset.searchLabel });
  const close = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet btn-sm", textContent: form.dataset.closeLabel });
  const head = document.createElement("div");
  let target = null;

  search.setAttribute("aria-label", form.dataset.searchLabel);
  dialog.className = "picker";
  dialog.setAttribute("aria-label", form.dataset.insertLabel);
  head.className = "picker-head";
  head.append(search, close);
  dialog.append(head, list);
  document.body.append(dialog);
  home.hidden = true;
  for (const one of list.querySelectorAll("[data-insert]")) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "insert" });
    button.append(...one.childNodes);
    one.append(button);
  }

  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => target?.focus());
  dialog.addEventListener("click", (event) => {
    const one = event.target.closest("[data-insert]");
    if (one === null && event.target !== dialog) return;
    dialog.close();
    if (one !== null) inserted(target, one.dataset.insert);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    list.querySelector("[data-insert]:not([hidden]) button")?.click();
  });
  search.addEventListener("input", () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    for (const group of list.querySelectorAll("[data-group]")) {
      for (const one of group.querySelectorAll("[data-insert]")) one.hidden = !words.every((word) => plain(one.textContent).includes(word));
      group.hidden = group.querySelector("[data-insert]:not([hidden])") === null;
      group.open = words.length > 0 && !group.hidden;
    }
  });

  return (input) => {
    target = input;
    search.value = "";
    search.dispatchEvent(new Event("input"));
    dialog.showModal();
    search.focus();
  };
}

function texts(form) {
  const opened = picker(form);
  for (const input of form.querySelectorAll("[data-template]")) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "insert-here", textContent: `{ } ${form.dataset.insertLabel}` });
    button.setAttribute("aria-describedby", input.id);
    button.disabled = input.matches(":disabled");
    button.addEventListener("click", () => opened(input));
    input.before(button);
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => said(form, input), TYPING);
    });
  }
}

for (const form of document.querySelectorAll("form[data-filter]")) conditions(form);
for (const form of document.querySelectorAll("form[data-card]")) texts(form);
