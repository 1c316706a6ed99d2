"""The glue between the contract and the pure part. `wit_world` is made by componentize-py of the contract."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.decoder import Decoded, Document
from wit_world.imports.types import Draft, Error_Reject, Kind, Reject

import reading


class Decoder(exports.Decoder):
    def decode(self, document: Document) -> Decoded:
        try:
            text = document.body.decode()
        except UnicodeDecodeError:
            raise Err(Error_Reject("the report is not UTF-8")) from None
        decoded = Decoded(drafts=[], rejects=[], reply=None)
        for line in text.split("\n"):
            line = line.removesuffix("\r")
            if not line.strip():
                continue
            try:
                decoded.drafts.append(draft(reading.read(line)))
            except ValueError as error:
                decoded.rejects.append(Reject(reason=str(error), raw=line.encode()))
        return decoded


def draft(read: reading.Reading) -> Draft:
    return Draft(
        type="em.water.observation.v1",
        domain="water",
        kind=Kind.OBSERVATION,
        detail=None,
        region=read.region,
        time=read.time,
        # What identifies the reading: the same report twice is one message.
        key=f"{read.station}/{read.time}",
        revision=None,
        partition=None,
        from_=[],
        content_type=None,
        extensions=[],
        body=read.body(),
    )
