// Numbers, times and names for people.

import { texts, locale } from './texts.js';

/** A size in bytes. */
export function bytes(n) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  const digits = unit === 0 || n >= 100 ? 0 : 1;
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[unit], unitDisplay: unit === 0 ? 'long' : 'short', maximumFractionDigits: digits }).format(n);
}

/** A span of seconds in its two largest units. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  const parts = [
    [texts.span.days, Math.floor(s / 86400)], [texts.span.hours, Math.floor(s / 3600) % 24],
    [texts.span.minutes, Math.floor(s / 60) % 60], [texts.span.seconds, s % 60],
  ];
  if (s <= 172800) { // hours say more than days up to two of them
    parts.shift();
    parts[0][1] = Math.floor(s / 3600);
  }
  const first = parts.findIndex(([, n]) => n > 0);
  if (first < 0) return texts.span.seconds(0);
  return parts.slice(first, first + 2).filter(([, n]) => n > 0).map(([unit, n]) => unit(n)).join(' ');
}

const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });

/** A time in the zone of the browser. */
export const time = (text) => day.format(new Date(text));

/** The time of day. */
export const hour = (at) => clock.format(at);

/** A time in UTC, as evidence states it. Where there is no room for it, it breaks between day and time. */
export const utc = (text) => `${exact.format(new Date(text))} UTC`.replace(/(?<!,) /g, '\u00a0');

const named = new Intl.DisplayNames(locale, { type: 'language', fallback: 'none' });
const scripts = { chi_sim: 'zh-Hans', chi_tra: 'zh-Hant', aze_cyrl: 'az-Cyrl', srp_latn: 'sr-Latn', uzb_cyrl: 'uz-Cyrl' };

/** The name of a language by Tesseract's code; the code where it has none. */
export function language(code) {
  if (code === 'auto') return texts.add.auto;
  try {
    return named.of(scripts[code] ?? code.split('_')[0]) ?? code;
  } catch {
    return code;
  }
}

/** The name of a format of results. */
export const format = (name) => texts.formats[name] ?? name;

/** Why a document or a page could not be read, for people; empty if that is not known. */
export const reason = (failure) => texts.failure[failure?.code] ?? failure?.detail ?? '';

/** The name of a media type of documents. */
export const type = (media) => texts.types[media] ?? media;
