// A filter takes effect when it is chosen; without JavaScript the button does the same.
"use strict";

for (const form of document.querySelectorAll("form.filters")) {
  for (const field of form.querySelectorAll("select")) {
    field.addEventListener("change", () => form.requestSubmit());
  }
  form.addEventListener("submit", () => {
    for (const field of form.elements) {
      if (field.name && field.value === "") field.disabled = true;
    }
  });
}
