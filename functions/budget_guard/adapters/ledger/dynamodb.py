"""The ledger in DynamoDB: one table, keys `pk` and `sk`, TTL attribute `expires`. No Scan.

| asked                  | pk                     | sk                  | expires            |
|------------------------|------------------------|---------------------|--------------------|
| observations, of a key | OBS#0 .. OBS#f         | key hash            | 31 d after gone    |
| holds, hold            | HOLD#0 .. HOLD#f       | key hash            |                    |
| wishes                 | WISH#0 .. WISH#f       | key hash            |                    |
| freshness, of one      | FRESHNESS              | workspace id        |                    |
| workspaces             | WORKSPACE              | workspace id        |                    |
| poll report            | POLL                   | LAST                |                    |
| policy in use          | DEPLOYED               | LAST                |                    |
| incidents              | INCIDENT               | incident id         |                    |
| alerts not yet sent    | ALERT#OPEN             | event id            |                    |
| alerts sent            | ALERT#SENT             | time#event id       | 35 d               |
| grants                 | GRANT                  | grant id            | 62 d after its end |
| releases               | RELEASE                | key hash, or *      |                    |
| freezes                | FREEZE                 | key hash            |                    |
| approvals              | APPROVAL               | person, or guard    |                    |
| spend                  | SPEND#<digit>#<budget> | window#start#key    | 400 d              |
| audit of a key         | AUDIT#<key hash>       | time#id             | 400 d              |
| costs of a day's hours | COSTHOUR#<day>         | hour#workspace#part | 35 d               |
| costs of a day         | COSTDAY#<day>          | 2 hash digits, or ? | 400 d              |
| costs read so far      | COSTSREAD              | workspace, activity |                    |
| generations of a day   | GENERATION#<day>#0..#f | id                  | 35 d               |
| generation             | GENERATIONID#<id>      | ONE                 | 35 d               |
| what of them is kept   | SAMPLED#<day>          | hour#workspace      | 35 d               |
| generations read       | GENERATIONSREAD        | workspace           |                    |
| what they came to      | DAYOUTCOMES            | day                 | 400 d              |
| the same by a tag      | DAYTAG#<tag>           | day                 | 400 d              |
| days to be summed up   | DAYTOUCHED             | day                 |                    |
| mix of a day           | DAYMIX                 | day                 | 400 d              |
| habits of keys, a day  | DAYHABITS#<day>        | hash digit, or ?    | 400 d              |
| requests of a day      | DAYREQUESTS            | day                 | 35 d               |
| signals                | SIGNALS                | LAST, REQUESTS      |                    |
| spent on a selection   | DAYSPEND#<selection>   | day#hash digit or ? | 35 d               |
| spend of cost budgets  | COSTSPEND              | budget              | 35 d               |
| models on offer        | OFFER                  | LAST                |                    |
| lineages, lineage      | LINEAGE                | secret              |                    |
| rotations, rotation    | ROTATION               | secret              |                    |
| guardrails of keys     | RESTRICTION            | key hash            | 7 d if not ours    |
| and what is wished     | RESTRICTWISH           | key hash            |                    |
| lease                  | LEASE                  | name                |                    |

What there is one of per key is spread by the first digit of its hash: a partition takes 1,000
writes a second. Not what is held and wished of guardrails: few keys have that, and one run writes. All reads are consistent: an observation older than the freshness beside it would
pass for a newer reading, and what the key spent since for money that is still there.

An observation's item says in `row` which row of a listing tells nothing new of its key (its
fingerprint), and in which workspace: a poll needs no more of most keys.
"""

from budget_guard.adapters.ledger.dynamodb_usage import DynamoUsageLedger
from budget_guard.adapters.ledger.reading import Reader


class DynamoLedger(Reader, DynamoUsageLedger):
    """The `Ledger` port on a table: see `DynamoTable`."""
