"""`python -m tools.sbom FILE` writes what igfleet is made of as a checked CycloneDX 1.6 bill of materials."""

import sys
import tomllib
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from packageurl import PackageURL

from tools.dependencies import ROOT, Dependency, locked, vendored

_LICENCES = LicenseFactory()


def written() -> str:
    """The bill as JSON. Raises `ValueError` when it does not fit the schema."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bill = Bom()
    bill.metadata.component = Component(
        name="igfleet", version=project["version"], type=ComponentType.APPLICATION, bom_ref="igfleet"
    )
    parts = [_component(one, "pypi") for one in locked()] + [_component(one, "npm") for one in vendored()]
    for part in parts:
        bill.components.add(part)
    bill.register_dependency(bill.metadata.component, parts)
    text = JsonV1Dot6(bill).output_as_string(indent=1)
    from cyclonedx.validation.json import JsonStrictValidator  # takes seconds to import

    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong:
        raise ValueError(f"The bill of materials does not fit its schema: {wrong}")
    return text


def _component(one: Dependency, kind: str) -> Component:
    address = PackageURL(kind, name=one.name.partition(" ")[0], version=one.version)
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        bom_ref=str(address),
        purl=address,
        scope=ComponentScope.REQUIRED if one.is_shipped else ComponentScope.EXCLUDED,
        licenses=[_LICENCES.make_from_string(one.licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content) for content in one.sha256],
        properties=[Property(name="igfleet:from", value="lock" if kind == "pypi" else "vendored")],
    )


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.write_text(written())
    print(f"{out}: {len(locked())} packages and {len(vendored())} vendored files")
