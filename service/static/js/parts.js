// Fills in the parts of a page that take longer than the page itself. Without it there is a link in their place.

for (const place of document.querySelectorAll("[data-part]")) {
  fetch(place.dataset.part, { headers: { Accept: "text/html" } })
    .then(async (answer) => {
      if (!answer.ok || answer.redirected) return;
      const fresh = document.createElement("template");
      fresh.innerHTML = await answer.text();
      place.replaceChildren(fresh.content);
    })
    .catch(() => { /* the network is away: the link stays */ });
}
