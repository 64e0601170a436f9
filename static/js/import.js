// A file dropped on the import page, or on a workbench, is read there.

const form = document.getElementById("import-form");
const elsewhere = document.querySelector('.side-links a[href^="/import"]');

function send(files) {
  if (form) {
    form.elements.file.files = files;
    form.requestSubmit();
    return;
  }
  const made = document.createElement("form");
  made.method = "post";
  made.action = "/import";
  made.enctype = "multipart/form-data";
  made.hidden = true;
  const engine = new URL(elsewhere.href).searchParams.get("engine");
  const token = document.querySelector("[name=csrf_token]").value;
  for (const [name, value] of [["csrf_token", token], ["engine", engine]]) {
    const field = document.createElement("input");
    field.name = name;
    field.value = value;
    made.append(field);
  }
  const file = document.createElement("input");
  file.type = "file";
  file.name = "file";
  file.files = files;
  made.append(file);
  document.body.append(made);
  made.submit();
}

const carriesFile = (event) => (form || elsewhere) && event.dataTransfer?.types.includes("Files");

// In the capture phase: the editor would take the file's text in.
document.addEventListener("dragover", (event) => {
  if (carriesFile(event)) event.preventDefault();
}, true);

document.addEventListener("drop", (event) => {
  if (!carriesFile(event) || !event.dataTransfer.files.length) return;
  event.preventDefault();
  event.stopPropagation();
  send(event.dataTransfer.files);
}, true);
