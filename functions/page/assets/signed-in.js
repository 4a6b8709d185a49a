// Where the issuer sends people back to, in a window of its own: hands its answer to the page that asked, and closes.

import { el } from './dom.js';
import { locale, texts } from './texts.js';

const t = texts.signIn;
const given = new URLSearchParams(location.hash.length > 1 ? location.hash.slice(1) : location.search);
history.replaceState(null, '', location.pathname); // the code is not to be read or sent again
const answer = Object.fromEntries(['state', 'code', 'iss', 'error'].map((name) => [name, given.get(name)]));
const note = el('p', { role: 'status' }, t.returning);
document.documentElement.lang = locale;
document.title = texts.name;
document.body.append(el('main', { class: 'gate' }, el('div', { class: 'card gate-card' }, el('h1', {}, t.title), note)));

const asked = new BroadcastChannel('lethe-sign-in'); // reaches pages of this origin alone
const late = setTimeout(() => note.replaceChildren(t.nobodyAsked), 5000);
asked.addEventListener('message', (e) => {
  if (e.data.taken !== answer.state) return;
  clearTimeout(late);
  note.replaceChildren(t.closeWindow);
  asked.close();
  close();
});
asked.postMessage(answer);
