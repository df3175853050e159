// What the benchmarks ask of the API besides what they measure.
import { readFile } from 'node:fs/promises';

const FIRST_PASSWORD = 'given by the administrator';

export class Client {
  constructor(url) {
    this.url = url;
  }

  /** @returns the headers of a request; a token lives for ten minutes, so every measurement logs in anew */
  async logIn({ username, password }) {
    const { access_token: token } = await this.post('/auth/login', { username, password });
    return { Authorization: `Bearer ${token}` };
  }

  /** An account that may sign, which one that never changed its first password may not. */
  async createAccount(admin, role) {
    const username = `bench.${role}`;
    const about = { username, email: `${username}@example.org`, role, full_name: `Bench ${role}` };
    await this.post('/users', { ...about, password: FIRST_PASSWORD }, admin);
    const account = { username, password: `chosen by bench ${role}` };
    const first = await this.logIn({ username, password: FIRST_PASSWORD });
    const change = { current_password: FIRST_PASSWORD, new_password: account.password };
    await this.post('/auth/password', change, first);
    return account;
  }

  /** @returns the id of the version */
  async putIntoProduction(manifest, file, manager, approver) {
    const form = new FormData();
    form.set('manifest', JSON.stringify(manifest));
    form.set('file', new Blob([await readFile(file)]), 'model.onnx');
    const asManager = await this.logIn(manager);
    const { model_id: id } = await this.send('/models', form, asManager);
    const path = `/models/${id}/transitions`;
    const reason = 'benchmark';
    await this.post(path, { to: 'validation', reason, password: manager.password }, asManager);
    const asApprover = await this.logIn(approver);
    await this.post(path, { to: 'production', reason, password: approver.password }, asApprover);
    return id;
  }

  post(path, body, headers = {}) {
    return this.send(path, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers });
  }

  async send(path, body, headers) {
    const response = await fetch(this.url + path, { method: 'POST', headers, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
