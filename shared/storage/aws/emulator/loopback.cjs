// Makes whatever listens in this process listen on loopback alone: fauxqs would on all addresses.
const { Server } = require('node:net');
const listen = Server.prototype.listen;
Server.prototype.listen = function (options, ...rest) {
  return listen.call(this, typeof options === 'object' ? { ...options, host: '127.0.0.1' } : options, ...rest);
};
