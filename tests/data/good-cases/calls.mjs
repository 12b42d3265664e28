// What the cases of calls.json call.

export function without() {}

export async function withConnection() {}
