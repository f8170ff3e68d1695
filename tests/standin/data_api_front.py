"""The Data API's operations behind HTTP: AWS JSON 1.1, quotas of calls a second. One event loop."""

import asyncio
import json
import time

from aws_http import AwsError, as_json
from aws_keys import ACCOUNT
from aws_service import JsonService, check_json
from data_api import DataApi

# Of an account and region, as far as they are published (docs/aws-stand-ins.md).
AWS_QUOTAS = {"ExecuteStatement": 30, "DescribeStatement": 100, "GetStatementResult": 20}
BURST_SECONDS = 1  # of quiet are worth so much of a quota at once


class Quotas:
    """Calls a second by operation, over all regions (each account and region has its own at AWS). None: no bound."""

    def __init__(self):
        self.per_second = {}
        self._left = {}

    def take(self, operation, region):
        rate = self.per_second.get(operation)
        if not rate:
            return True
        now = time.monotonic()
        left, at = self._left.get((operation, region), (rate * BURST_SECONDS, now))
        left = min(rate * BURST_SECONDS, left + (now - at) * rate)
        self._left[operation, region] = (left - 1 if left >= 1 else left, now)
        return left >= 1


class DataApiFront(DataApi, JsonService):
    service = "redshift-data"
    prefix = "RedshiftData."

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.quotas = Quotas()

    def resource(self, call, region):
        cluster = call.scope.get("cluster")
        if call.operation in ("ExecuteStatement", "BatchExecuteStatement") and cluster:
            return f"arn:aws:redshift:{region}:{ACCOUNT}:cluster:{cluster}"
        return "*"

    async def handle(self, call, _identity, region):
        check_json(call)
        if not self.quotas.take(call.operation, region):
            raise AwsError("ThrottlingException", "Rate exceeded", 400, "message")
        return as_json(await self.call(call.operation, call.given, region))

    async def work_done(self, call, answer):
        if call.operation not in ("ExecuteStatement", "BatchExecuteStatement"):
            return
        statement = self._store.get(json.loads(answer.body).get("Id", ""))
        if statement is not None:
            ended = asyncio.Event()
            statement.when_ended(ended.set)
            await ended.wait()
