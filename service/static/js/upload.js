// The drop zone, and how far the upload itself has come. Without it the form posts as any other.

const form = document.querySelector("form.upload");

function start() {
  const file = form.querySelector("input[type=file]");
  const wrong = form.querySelector("[data-wrong]");
  const said = form.querySelector("[data-said]");
  const drop = form.querySelector(".drop");
  const button = form.querySelector("button");
  const bar = form.querySelector(".uploading");

  function complain(text) {
    wrong.textContent = text;
    wrong.hidden = !text;
    drop.classList.toggle("refused", Boolean(text));
  }

  function faultOf(chosen) {
    if (chosen.size > Number(form.dataset.limit)) return form.dataset.tooLarge;
    return chosen.size === 0 ? form.dataset.empty : "";
  }

  function show(share) {
    bar.querySelector("progress").value = share;
    bar.querySelector("[data-share]").textContent = `${share} %`;
  }

  function rest(text) {
    bar.hidden = true;
    drop.hidden = false;
    button.disabled = false;
    said.textContent = "";
    complain(text);
  }

  function send(chosen) {
    form.elements.last_modified.value = new Date(chosen.lastModified).toISOString();
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) show(Math.floor((100 * event.loaded) / event.total));
    });
    request.upload.addEventListener("load", () => { said.textContent = form.dataset.arrived; });
    request.addEventListener("error", () => rest(form.dataset.cut));
    request.addEventListener("load", () => {
      if (request.status === 200 && request.response?.next) location.assign(request.response.next);
      else if (request.response?.message) rest(request.response.message);
      else form.submit(); // signed out meanwhile, or the form is too old: the page says so itself
    });
    bar.querySelector("[data-name]").textContent = chosen.name;
    said.textContent = `${form.dataset.arriving}: ${chosen.name}`;
    show(0);
    bar.hidden = false;
    drop.hidden = true;
    button.disabled = true;
    request.send(new FormData(form));
  }

  function take() {
    const [chosen] = file.files;
    if (!chosen) return;
    const fault = faultOf(chosen);
    complain(fault);
    if (fault) file.value = "";
    else send(chosen);
  }

  file.addEventListener("change", take);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take();
  });
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length > 1) complain(form.dataset.one);
    else if (event.dataTransfer.files.length === 1) {
      file.files = event.dataTransfer.files;
      take();
    }
  });
  // Dropped beside the zone, a file would open instead of this page.
  for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
  // Somebody who comes back by the back button finds an empty form.
  addEventListener("pageshow", (event) => { if (event.persisted) form.reset(); });
}

if (form) start();
