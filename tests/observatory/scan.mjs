// Scans a host as the MDN HTTP Observatory does, with every connection led to this machine.
// usage: node scan.mjs PACKAGE HOST HTTP_PORT HTTPS_PORT     prints the result as JSON
import fs from "node:fs";
import net from "node:net";
import { pathToFileURL } from "node:url";

const [folder, host, plain, secure] = process.argv.slice(2);
const ports = { 80: Number(plain), 443: Number(secure) };
const connect = net.Socket.prototype.connect;

// The scanner takes no port. All its sockets pass here; none leaves this machine.
net.Socket.prototype.connect = function (...given) {
  const wrapped = Array.isArray(given[0]) ? given[0] : given;
  const options = wrapped[0];
  if (options.host !== host || !(options.port in ports)) throw new Error(`no way to ${options.host}:${options.port}`);
  Object.assign(options, { host: "127.0.0.1", port: ports[options.port], lookup: undefined });
  return connect.apply(this, given);
};

// Its install script would fetch the preload list; a name under .example is in none.
const preloaded = `${folder}/conf/hsts-preload.json`;
if (!fs.existsSync(preloaded)) fs.writeFileSync(preloaded, "{}");

const { scan } = await import(pathToFileURL(`${folder}/src/scanner/index.js`));
const { scan: result, tests } = await scan(host);
console.log(JSON.stringify({ grade: result.grade, score: result.score, status: result.statusCode, tests }));
