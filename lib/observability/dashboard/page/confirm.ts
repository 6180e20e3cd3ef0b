import { button, byId, h } from './dom.js';

/** A question before something is done. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button does. */
  readonly label: string;
  readonly isDangerous?: boolean;
}

/** A question that wants a text too. */
export interface TextQuestion extends Question {
  readonly field: string;
  readonly placeholder?: string;
}

/** Asks; whether it is wanted. */
export async function confirmed(question: Question): Promise<boolean> {
  return (await ask(question, undefined)) !== undefined;
}

/** Asks for a text that is not empty; `undefined` when it is not wanted. */
export function asked({ field, placeholder, ...question }: TextQuestion): Promise<string | undefined> {
  const input = h('input', { type: 'text', required: true, autocomplete: 'off', spellcheck: 'false', placeholder });
  return ask(question, { input, label: h('label', { class: 'field' }, h('span', {}, field), input) });
}

function ask(
  { title, text, label, isDangerous }: Question,
  field: { readonly input: HTMLInputElement; readonly label: HTMLElement } | undefined,
): Promise<string | undefined> {
  const dialog = byId('dialog', HTMLDialogElement);
  const submit = h('button', { type: 'submit', class: `button ${isDangerous === true ? 'danger' : 'primary'}` }, label);
  const form = h(
    'form',
    { method: 'dialog' },
    h('h2', { id: 'dialog-title' }, title),
    h('p', { class: 'muted' }, text),
    field?.label,
    h(
      'div',
      { class: 'dialog-buttons' },
      button('Cancel', () => dialog.close()),
      submit,
    ),
  );
  return new Promise((resolve) => {
    let answer: string | undefined;
    form.addEventListener('submit', (event) => {
      // The policy of this page sends no form anywhere, not even to a dialog.
      event.preventDefault();
      answer = field === undefined ? 'yes' : field.input.value;
      dialog.close();
    });
    dialog.addEventListener('close', () => resolve(answer), { once: true });
    dialog.replaceChildren(form);
    dialog.showModal();
    (field?.input ?? form.querySelector('button'))?.focus();
  });
}
