/// What runs a Node.js function: asks Tarn's runtime interface for events and hands them to the handler, which may be
/// asynchronous, call back, or use the context's own ways to answer.
enum NodeBootstrap {
  static let source = #"""
    import http from 'node:http';
    import fs from 'node:fs';
    import path from 'node:path';
    import { pathToFileURL } from 'node:url';
    import { format } from 'node:util';
    import { createRequire } from 'node:module';

    const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const root = process.env.LAMBDA_TASK_ROOT;
    let current = undefined;

    // A write to the log is over when it returns: nothing is lost when the process ends.
    function write(text) {
      let bytes = Buffer.from(text);
      while (bytes.length > 0) {
        try {
          bytes = bytes.subarray(fs.writeSync(1, bytes));
        } catch (error) {
          if (error.code !== 'EAGAIN') throw error;
        }
      }
    }

    for (const [name, level] of [['log', 'INFO'], ['info', 'INFO'], ['debug', 'DEBUG'], ['trace', 'TRACE'],
      ['warn', 'WARN'], ['error', 'ERROR']]) {
      console[name] = (...values) => {
        const message = format(...values).replace(/\n/g, '\r');
        write(`${new Date().toISOString()}\t${current}\t${level}\t${message}\n`);
      };
    }

    function call(method, target, body, headers = {}) {
      return new Promise((resolve, reject) => {
        const all = body === undefined ? headers : { ...headers, 'Content-Length': Buffer.byteLength(body) };
        const request = http.request(
          { host, port, agent, method, path: '/2018-06-01/runtime' + target, headers: all },
          (answer) => {
            const parts = [];
            answer.on('data', (part) => parts.push(part));
            answer.on('end', () => resolve([answer.statusCode, answer.headers, Buffer.concat(parts).toString()]));
          });
        request.setTimeout(0);
        request.on('error', reject);
        request.end(body);
      });
    }

    class Fault extends Error {
      constructor(name, message) {
        super(message);
        this.name = name;
      }
    }

    function describe(error) {
      if (error instanceof Error) {
        return { errorType: error.name, errorMessage: error.message,
          trace: error instanceof Fault ? [] : (error.stack ?? '').split('\n') };
      }
      return { errorType: typeof error, errorMessage: error === undefined ? 'undefined' : String(error), trace: [] };
    }

    async function findHandler(name) {
      const base = path.basename(name);
      const point = base.indexOf('.');
      if (point < 1 || point === base.length - 1) throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
      const file = path.resolve(root, path.dirname(name), base.slice(0, point));
      const module = name.slice(0, name.length - base.length + point);
      let loaded;
      try {
        if (fs.existsSync(file + '.js') && !isModule(file + '.js')) loaded = createRequire(file)(file + '.js');
        else if (fs.existsSync(file + '.cjs')) loaded = createRequire(file)(file + '.cjs');
        else {
          const found = [file + '.js', file + '.mjs'].find((one) => fs.existsSync(one));
          if (!found) throw Object.assign(new Error(`Cannot find module '${module}'`), { code: 'MODULE_NOT_FOUND' });
          loaded = await import(pathToFileURL(found).href);
        }
      } catch (error) {
        if (error instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', String(error));
        if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
          throw new Fault('Runtime.ImportModuleError', `Error: ${error.message}`);
        }
        throw error;
      }
      let handler = loaded;
      for (const part of base.slice(point + 1).split('.')) handler = handler?.[part] ?? handler?.default?.[part];
      if (handler === undefined) {
        throw new Fault('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
      }
      if (typeof handler !== 'function') throw new Fault('Runtime.HandlerNotFound', `${name} is not a function`);
      return handler;
    }

    // A .js file is a module of the newer kind where its package says so.
    function isModule(file) {
      for (let folder = path.dirname(file); folder.startsWith(root); folder = path.dirname(folder)) {
        try {
          return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
        } catch {}
      }
      return false;
    }

    function makeContext(headers) {
      const given = headers['lambda-runtime-client-context'];
      const identity = headers['lambda-runtime-cognito-identity'];
      const deadline = Number(headers['lambda-runtime-deadline-ms']);
      return {
        callbackWaitsForEmptyEventLoop: true,
        functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
        functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
        memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
        logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
        logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
        clientContext: given ? JSON.parse(given) : undefined,
        identity: identity ? JSON.parse(identity) : undefined,
        invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
        awsRequestId: headers['lambda-runtime-aws-request-id'],
        getRemainingTimeInMillis: () => deadline - Date.now(),
      };
    }

    function run(handler, event, context) {
      return new Promise((resolve, reject) => {
        const done = (error, value) => (error === undefined || error === null ? resolve(value) : reject(error));
        context.done = done;
        context.succeed = (value) => done(null, value);
        context.fail = (error) => done(error ?? 'handled');
        const result = handler(event, context, done);
        if (typeof result?.then === 'function') result.then(resolve, reject);
        else if (result !== undefined || handler.length < 3) {
          // Neither a promise nor a callback is waited for.
          if (handler.length < 2 || result !== undefined) resolve(result);
          else setImmediate(() => resolve(result));
        }
      });
    }

    async function fail(target, error) {
      const about = describe(error);
      const kind = error instanceof Fault ? 'Error' : 'Invoke Error';
      write(`${new Date().toISOString()}\t${current}\tERROR\t${kind} \t${JSON.stringify(
        { errorType: about.errorType, errorMessage: about.errorMessage, stack: about.trace })}\n`);
      await call('POST', target, JSON.stringify(about), { 'Lambda-Runtime-Function-Error-Type': about.errorType });
    }

    for (const name of ['uncaughtException', 'unhandledRejection']) {
      process.on(name, async (error) => {
        const target = current === undefined ? '/init/error' : `/invocation/${current}/error`;
        try {
          const wrapped = name === 'unhandledRejection'
            ? Object.assign(new Fault('Runtime.UnhandledPromiseRejection', String(error))) : error;
          await fail(target, wrapped);
        } finally {
          process.exit(128);
        }
      });
    }

    let handler;
    try {
      handler = await findHandler(process.env._HANDLER);
    } catch (error) {
      await fail('/init/error', error);
      process.exit(1);
    }
    while (true) {
      const [, headers, body] = await call('GET', '/invocation/next');
      current = headers['lambda-runtime-aws-request-id'];
      const target = `/invocation/${current}/`;
      try {
        const value = await run(handler, JSON.parse(body), makeContext(headers));
        const [status, , told] = await call('POST', target + 'response', JSON.stringify(value) ?? 'null');
        if (status === 413) throw new Fault('Function.ResponseSizeTooLarge', JSON.parse(told).errorMessage);
      } catch (error) {
        await fail(target + 'error', error);
      }
    }
    """#
}
