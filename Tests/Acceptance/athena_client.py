"""What the Athena tests share: running a statement and reading what it answers."""

import time

OVER = ("SUCCEEDED", "FAILED", "CANCELLED")


class Failed(Exception):
    """The statement did not succeed; the text is Athena's reason."""

    def __init__(self, state, reason):
        super().__init__(reason)
        self.state = state
        self.reason = reason


class Athena:
    """One user at one workgroup, with results in one place."""

    def __init__(self, client, output, database="default", workgroup=None):
        self.client = client
        self.output = output
        self.database = database
        self.workgroup = workgroup

    def start(self, sql, parameters=None, **more):
        request = {"QueryString": sql, "QueryExecutionContext": {"Database": self.database}} | more
        if self.output:
            request["ResultConfiguration"] = {"OutputLocation": self.output}
        if self.workgroup:
            request["WorkGroup"] = self.workgroup
        if parameters:
            request["ExecutionParameters"] = parameters
        return self.client.start_query_execution(**request)["QueryExecutionId"]

    def wait(self, query, seconds=120):
        deadline = time.monotonic() + seconds
        while True:
            execution = self.client.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            if execution["Status"]["State"] in OVER:
                return execution
            assert time.monotonic() < deadline, f"{query} did not end: {execution}"
            time.sleep(0.01)

    def run(self, sql, parameters=None, **more):
        """Runs a statement to its end and gives the execution; a failed one is raised."""
        execution = self.wait(self.start(sql, parameters, **more))
        status = execution["Status"]
        if status["State"] != "SUCCEEDED":
            raise Failed(status["State"], status.get("StateChangeReason", ""))
        return execution

    def rows(self, query):
        """All rows of a result as lists of texts, NULL as None, the header row included."""
        rows, token = [], None
        while True:
            page = self.client.get_query_results(QueryExecutionId=query, **({"NextToken": token} if token else {}))
            rows += [[cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"]]
            token = page.get("NextToken")
            if not token:
                return rows

    def query(self, sql, parameters=None, **more):
        """The rows that a SELECT gives, without its header."""
        return self.rows(self.run(sql, parameters, **more)["QueryExecutionId"])[1:]

    def lines(self, sql):
        """The lines that a DDL statement shows."""
        return [row[0] for row in self.rows(self.run(sql)["QueryExecutionId"])]

    def error(self, sql, parameters=None):
        """Why a statement is refused, at once or when it runs."""
        try:
            self.run(sql, parameters)
        except Failed as failed:
            return failed.reason
        except self.client.exceptions.InvalidRequestException as refused:
            return refused.response["Error"]["Message"]
        raise AssertionError(f"succeeded: {sql}")
