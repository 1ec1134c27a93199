"use strict";

const place = document.getElementById("api");
window.SwaggerUIBundle({
  url: place.dataset.spec,
  domNode: place,
  deepLinking: true,
  persistAuthorization: false,
  presets: [window.SwaggerUIBundle.presets.apis],
});
