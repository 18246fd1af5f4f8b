/** An answer that says no: a status and a code of the contract. */
export class Refusal extends Error {
  constructor(status, code) {
    super(code);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
  }
}
