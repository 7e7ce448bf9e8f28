/// What runs a Python function: asks Tarn's runtime interface for events and hands them to the handler.
///
/// The contract is AWS's: the context object, the form of errors, the root logger's format.
enum PythonBootstrap {
  static let source = #"""
    import http.client, importlib, json, logging, os, sys, time, traceback

    API = os.environ["AWS_LAMBDA_RUNTIME_API"]
    BASE = "/2018-06-01/runtime"


    class Fault(Exception):
        def __init__(self, kind, message):
            super().__init__(message)
            self.kind = kind


    class Connection:
        def __init__(self):
            self.http = http.client.HTTPConnection(API)

        def call(self, method, path, body=None, headers={}):
            self.http.request(method, BASE + path, body=body, headers=headers)
            answer = self.http.getresponse()
            return answer.status, answer.headers, answer.read()


    class Identity:
        def __init__(self, cognito):
            self.cognito_identity_id = (cognito or {}).get("cognitoIdentityId")
            self.cognito_identity_pool_id = (cognito or {}).get("cognitoIdentityPoolId")


    class Client:
        pass


    class ClientContext:
        def __init__(self, given):
            self.custom = given.get("custom")
            self.env = given.get("env")
            self.client = Client()
            about = given.get("client") or {}
            for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
                setattr(self.client, name, about.get(name))


    class LambdaContext:
        def __init__(self, headers):
            self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
            self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
            self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
            self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
            self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
            self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
            self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
            given = headers.get("Lambda-Runtime-Client-Context")
            self.client_context = ClientContext(json.loads(given)) if given else None
            cognito = headers.get("Lambda-Runtime-Cognito-Identity")
            self.identity = Identity(json.loads(cognito) if cognito else None)
            self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

        def get_remaining_time_in_millis(self):
            return max(0, self._deadline - int(time.time() * 1000))

        def log(self, message):
            sys.stdout.write(str(message))


    class RequestFilter(logging.Filter):
        current = ""

        def filter(self, record):
            record.aws_request_id = RequestFilter.current
            return True


    def prepare_logging():
        handler = logging.StreamHandler(sys.stdout)
        formatter = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        handler.setFormatter(formatter)
        handler.addFilter(RequestFilter())
        logging.getLogger().addHandler(handler)


    def find_handler(name):
        module, point, function = name.rpartition(".")
        if not point or not module:
            raise Fault("Runtime.MalformedHandlerName",
                        "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
        try:
            loaded = importlib.import_module(module.replace("/", "."))
        except ImportError as error:
            raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, error)) from error
        except SyntaxError as error:
            raise Fault("Runtime.UserCodeSyntaxError",
                        "Syntax error in module '%s': %s" % (module, error)) from error
        try:
            return getattr(loaded, function)
        except AttributeError:
            raise Fault("Runtime.HandlerNotFound",
                        "Handler '%s' missing on module '%s'" % (function, module)) from None


    def own(frame):
        return os.path.abspath(frame.filename) == os.path.abspath(__file__) or "importlib" in frame.filename


    def describe(error, request):
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not own(frame)]
        if isinstance(error, Fault):
            kind, frames = error.kind, []
        else:
            kind = type(error).__name__
        about = {"errorMessage": str(error), "errorType": kind, "requestId": request,
                 "stackTrace": traceback.format_list(frames)}
        print("[ERROR] %s: %s" % (kind, error)
              + ("\nTraceback (most recent call last):\n" + "".join(about["stackTrace"]) if frames else ""))
        return kind, json.dumps(about).encode()


    def flush():
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                pass


    def encode(value):
        try:
            return json.dumps(value, ensure_ascii=False).encode()
        except Exception as error:
            raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error) from error


    def main():
        connection = Connection()
        # The working folder is the code's; what the function imports comes from there first.
        sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
        layers = os.path.join(os.environ["TARN_LAYERS_ROOT"], "python")
        release = "python%d.%d" % sys.version_info[:2]
        sys.path[1:1] = [os.path.join(layers, "lib", release, "site-packages"), layers]
        prepare_logging()
        try:
            handler = find_handler(os.environ["_HANDLER"])
        except (Exception, SystemExit) as error:
            kind, body = describe(error, "")
            flush()
            connection.call("POST", "/init/error", body, {"Lambda-Runtime-Function-Error-Type": kind})
            os._exit(1)
        while True:
            _, headers, body = connection.call("GET", "/invocation/next")
            request = headers["Lambda-Runtime-Aws-Request-Id"]
            RequestFilter.current = request
            trace = headers.get("Lambda-Runtime-Trace-Id")
            if trace:
                os.environ["_X_AMZN_TRACE_ID"] = trace
            path = "/invocation/%s/" % request
            try:
                try:
                    event = json.loads(body)
                except Exception as error:
                    raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error) from error
                answer = encode(handler(event, LambdaContext(headers)))
                flush()
                status, _, told = connection.call("POST", path + "response", answer)
                if status == 413:
                    raise Fault("Function.ResponseSizeTooLarge", json.loads(told)["errorMessage"])
            except Exception as error:
                kind, body = describe(error, request)
                flush()
                connection.call("POST", path + "error", body, {"Lambda-Runtime-Function-Error-Type": kind})


    main()
    """#
}
