// The page works without this: dropping a file, and steps that move by themselves.
"use strict";

const root = document.body.dataset.root;

const drop = document.getElementById("drop");
if (drop) {
  const input = document.getElementById("workbook");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        drop.requestSubmit();
      }
    });
  }
}

// a click that does nothing for seconds is clicked again: the button says that it was heard;
// and a page on its way to the answer does not reload itself: that would take the click back
let leaving = false;
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", () => {
    leaving = true;
    const button = form.querySelector("button");
    button.setAttribute("aria-disabled", "true");
    form.addEventListener("submit", (event) => event.preventDefault());
  });
}

const job = document.getElementById("job");
if (job && job.dataset.state === "running") {
  const bar = document.getElementById("bar");
  const told = document.getElementById("told");
  const left = document.getElementById("left");
  const steps = document.querySelectorAll(".steps li");
  const look = async () => {
    const answer = await fetch(root + "progress");
    const now = await answer.json();
    if (leaving) return;
    if (now.state !== "running") {
      if (now.state === "done") window.location.assign(root + "appendix/" + now.year + "/");
      else window.location.reload();
      return;
    }
    steps.forEach((step, i) => {
      if (i === now.step) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
    if (now.share === null) bar.removeAttribute("value");
    else bar.value = now.share;
    if (told.textContent !== now.told) told.textContent = now.told;
    left.textContent = now.left;
    window.setTimeout(look, 1000);
  };
  window.setTimeout(look, 500);
}
