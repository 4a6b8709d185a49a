// Signing in at an OpenID Connect issuer: code flow with PKCE (RFC 7636). The issuer is asked in a window of its own, so that state,
// nonce and verifier never leave the memory of this tab.

/** Why signing in did not work: a name among texts.signIn.failed. */
export class SignInFailed extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

/** Where people sign in here; null where they have an application's id and secret alone. */
export const organisation = JSON.parse(document.querySelector('meta[name="sign-in"]')?.content ?? 'null');

const plain = { credentials: 'omit', cache: 'no-store', mode: 'cors', redirect: 'error', referrerPolicy: 'no-referrer' };

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

async function json(url, options) {
  let answer;
  try {
    answer = await fetch(url, { ...plain, ...options });
  } catch (e) {
    throw e.name === 'AbortError' ? e : new SignInFailed('unreachable');
  }
  if (!answer.ok) throw new SignInFailed(options.method === 'POST' ? 'refused' : 'unreachable');
  return answer.json().catch(() => {
    throw new SignInFailed('refused');
  });
}

/** What the issuer says of itself. Its endpoints are at its own address: the page speaks to no other. */
async function discover(issuer, signal) {
  const said = await json(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { signal });
  const own = (address) => URL.canParse(address) && new URL(address).origin === new URL(issuer).origin;
  const methods = said.code_challenge_methods_supported ?? ['S256'];
  if (said.issuer !== issuer || !own(said.authorization_endpoint) || !own(said.token_endpoint) || !methods.includes('S256')) throw new SignInFailed('unfit');
  return said;
}

/** The issuer's answer to the question with this state; answers to others are none. */
function answerTo(state, signal) {
  return new Promise((resolve, reject) => {
    const asked = new BroadcastChannel('lethe-sign-in');
    signal.addEventListener('abort', () => {
      asked.close();
      reject(new DOMException('', 'AbortError'));
    });
    asked.addEventListener('message', (e) => {
      if (e.data.state !== state) return;
      asked.postMessage({ taken: state });
      asked.close();
      resolve(e.data);
    });
  });
}

/** Refuses an ID token that is not the answer to this question. It came from the issuer over TLS, and nothing else is read of it. */
function check(token, { issuer, client }, nonce) {
  let claims;
  try {
    claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))));
  } catch {
    throw new SignInFailed('refused');
  }
  const audience = [claims.aud].flat();
  const fits = claims.iss === issuer && audience.includes(client) && (audience.length === 1 || claims.azp === client) && claims.nonce === nonce &&
    (claims.azp ?? client) === client && claims.exp * 1000 > Date.now() - 300_000;
  if (!fits) throw new SignInFailed('refused');
}

/** Lets somebody sign in in a window, which has to be opened while a click is handled. Resolves to an access token, the one thing that is kept. */
export async function authorize(at, signal) {
  const opened = open('', '', 'popup,width=520,height=720');
  if (!opened) throw new SignInFailed('blocked');
  try {
    const issuer = await discover(at.issuer, signal);
    const [state, nonce, verifier] = [random(), random(), random()];
    const challenge = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
    const redirect = `${location.origin}/page/signed-in.html`;
    const resource = at.resource ? { resource: at.resource } : {};
    const question = new URL(issuer.authorization_endpoint);
    const asks = { response_type: 'code', client_id: at.client, redirect_uri: redirect, scope: at.scope, state, nonce, code_challenge: challenge, code_challenge_method: 'S256', ...resource };
    if (issuer.response_modes_supported?.includes('fragment')) asks.response_mode = 'fragment'; // then the code is in no request to this server
    for (const [name, value] of Object.entries(asks)) question.searchParams.set(name, value);
    const answered = answerTo(state, signal);
    opened.location.replace(question);
    const { code, iss, error } = await answered;
    if (iss ? iss !== at.issuer : issuer.authorization_response_iss_parameter_supported) throw new SignInFailed('refused'); // RFC 9207
    if (error || !code) throw new SignInFailed(error === 'access_denied' ? 'denied' : 'refused');
    const given = await json(issuer.token_endpoint, {
      method: 'POST', signal, body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirect, client_id: at.client, code_verifier: verifier, ...resource }),
    });
    check(given.id_token ?? '', at, nonce);
    if (typeof given.access_token !== 'string' || String(given.token_type).toLowerCase() !== 'bearer') throw new SignInFailed('refused');
    return given.access_token;
  } catch (e) {
    opened.close();
    throw e;
  }
}
