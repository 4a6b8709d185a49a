// Adding documents: dropped, chosen or pasted, and how they are to be read.

import { el, button, icon, fill } from './dom.js';
import { texts } from './texts.js';
import { bytes, format, language, span, type } from './format.js';
import { viewed } from './list.js';

const t = texts.add;
const usual = ['txt', 'pdf'];
const hours = [86400, 14400, 3600, 900]; // to choose from where the limit is longer

/** The files of what was dropped, those in folders too. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((i) => i.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files];
  const files = [];
  const read = async (entry) => {
    if (entry.isFile) {
      files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (batch.length === 0) return;
      for (const e of batch) await read(e);
    }
  };
  for (const e of entries) await read(e);
  return files.filter((f) => !f.name.startsWith('.'));
}

/** One choice of several that look alike. */
function chip(kind, group, value, text, checked, onchange) {
  return el('label', { class: 'chip' }, el('input', { type: kind, name: group, value, checked, onchange }), el('span', {}, text));
}

export class Adder {
  #capabilities;
  #shelf;
  #chosen;
  #view;
  #summary = el('span', { class: 'muted summary-text' });
  #wrong = el('p', { class: 'wrong', role: 'alert', hidden: true });
  #password = el('input', { type: 'password', id: 'document-password', autocomplete: 'off' });

  constructor(shelf, capabilities) {
    this.#shelf = shelf;
    this.#capabilities = capabilities;
    const installed = capabilities.languages;
    const offered = capabilities.formats.map((f) => f.format);
    const formats = usual.filter((f) => offered.includes(f));
    this.#chosen = {
      languages: new Set([installed.includes('eng') ? 'eng' : installed[0] ?? 'auto']),
      formats: new Set(formats.length ? formats : offered.slice(0, 1)),
      keep: '', onFetch: false,
    };
    this.#view = offered.includes('json');
    this.node = el('section', { class: 'card add', 'aria-labelledby': 'add-title' }, this.#zone(), this.#wrong, this.#settings());
    this.#summarize();
  }

  #zone() {
    const { limits, documents } = this.#capabilities;
    const files = el('input', { type: 'file', multiple: true, hidden: true, 'data-files': '', onchange: (e) => this.#take([...e.target.files], e.target) });
    const folder = el('input', { type: 'file', multiple: true, webkitdirectory: true, hidden: true, onchange: (e) => this.#take([...e.target.files], e.target) });
    let inside = 0;
    const zone = el('div', {
      class: 'zone',
      ondragenter: (e) => {
        e.preventDefault();
        inside++;
        zone.classList.add('over');
      },
      ondragover: (e) => e.preventDefault(),
      ondragleave: () => {
        if (--inside <= 0) zone.classList.remove('over');
      },
      ondrop: async (e) => {
        e.preventDefault();
        inside = 0;
        zone.classList.remove('over');
        this.#take(await dropped(e.dataTransfer).catch(() => []));
      },
    },
    el('div', { class: 'zone-mark' }, icon('add')),
    el('div', { class: 'zone-words' },
      el('h2', { id: 'add-title', class: 'unseen' }, t.title),
      el('p', { class: 'zone-title' }, t.drop, ' ', el('span', { class: 'muted' }, t.paste)),
      el('p', { class: 'muted small' }, t.types(documents.map(type).join(', '), bytes(limits.bytes), limits.pages))),
    el('div', { class: 'zone-buttons' },
      button(t.files, { class: 'primary', onclick: () => files.click() }),
      button(t.folder, { onclick: () => folder.click() })),
    files, folder);
    return zone;
  }

  /** Takes a picture off the clipboard. */
  paste(e) {
    const files = [...(e.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    e.preventDefault();
    this.#take(files.map((f, n) => new File([f], /^image\.\w+$/.test(f.name) || !f.name ? `${t.pasted}${n ? ` ${n + 1}` : ''}.${(f.type.split('/')[1] ?? 'png').replace('jpeg', 'jpg')}` : f.name, { type: f.type })));
  }

  #take(files, input) {
    if (input) input.value = '';
    const chosen = this.#chosen;
    const wrong = files.length === 0 ? t.none : chosen.languages.size === 0 ? t.needLanguage : chosen.formats.size === 0 && !this.#view ? t.needFormat : '';
    fill(this.#wrong, wrong);
    this.#wrong.hidden = !wrong;
    if (wrong) return;
    const settings = { languages: [...chosen.languages], formats: [...new Set([...chosen.formats, ...(this.#view ? viewed.filter((f) => this.#capabilities.formats.some((o) => o.format === f)) : [])])] };
    if (chosen.keep) settings.retain_seconds = Number(chosen.keep);
    if (chosen.onFetch) settings.delete_on_fetch = true;
    if (this.#password.value) settings.password = this.#password.value;
    this.#shelf.add(files, settings);
  }

  #settings() {
    const { languages, formats, limits } = this.#capabilities;
    const changed = (set, exclusive) => (e) => {
      if (e.target.checked) set.add(e.target.value);
      else set.delete(e.target.value);
      exclusive?.(e.target);
      this.#summarize();
    };
    const alone = (input) => { // auto stands alone
      if (!input.checked) return;
      for (const other of group.querySelectorAll('input[type=checkbox]')) {
        const clash = input.value === 'auto' ? other.value !== 'auto' : other.value === 'auto';
        if (clash && other.checked) {
          other.checked = false;
          this.#chosen.languages.delete(other.value);
        }
      }
    };
    const sorted = [...languages].sort((a, b) => language(a).localeCompare(language(b)));
    const chips = ['auto', ...sorted].map((code) => chip('checkbox', 'language', code, language(code), this.#chosen.languages.has(code), changed(this.#chosen.languages, alone)));
    const find = languages.length > 24 && el('input', {
      type: 'search', class: 'find', 'aria-label': t.findLanguage, placeholder: t.findLanguage,
      oninput: (e) => chips.forEach((c) => {
        c.hidden = !c.textContent.toLowerCase().includes(e.target.value.toLowerCase());
      }),
    });
    const group = el('div', { class: 'chips' }, chips);
    const offered = formats.map((f) => f.format);
    const keeps = hours.filter((s) => s < limits.retain_seconds);
    return el('details', { class: 'settings' },
      el('summary', {}, el('span', { class: 'summary-title' }, t.settings), this.#summary),
      el('fieldset', {}, el('legend', {}, t.languages), find, group),
      el('fieldset', {}, el('legend', {}, t.formats), el('div', { class: 'chips' },
        offered.map((f) => chip('checkbox', 'format', f, format(f), this.#chosen.formats.has(f), changed(this.#chosen.formats))))),
      offered.includes('json') && el('label', { class: 'check' },
        el('input', { type: 'checkbox', checked: this.#view, onchange: (e) => {
          this.#view = e.target.checked;
        } }), el('span', {}, t.view, ' ', el('span', { class: 'muted small' }, t.viewHint))),
      el('div', { class: 'pair' },
        el('div', { class: 'field' }, el('label', { for: 'keep' }, t.keep),
          el('select', { id: 'keep', onchange: (e) => {
            this.#chosen.keep = e.target.value;
            this.#summarize();
          } }, el('option', { value: '' }, t.keepAtMost(span(limits.retain_seconds))), keeps.map((s) => el('option', { value: String(s) }, t.keepFor(span(s)))))),
        el('div', { class: 'field' }, el('label', { for: 'document-password' }, t.password), this.#password)),
      el('label', { class: 'check' }, el('input', { type: 'checkbox', onchange: (e) => {
        this.#chosen.onFetch = e.target.checked;
      } }), el('span', {}, t.onFetch)));
  }

  #summarize() {
    const c = this.#chosen;
    const keep = c.keep || this.#capabilities.limits.retain_seconds;
    fill(this.#summary, [[...c.languages].map(language).join(', '), [...c.formats].map(format).join(', '), t.kept(span(keep))].filter(Boolean).join(' · '));
  }

  /** Forgets the password. */
  clear() {
    this.#password.value = '';
  }
}
