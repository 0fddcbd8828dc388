"""From a frame's documents to a request to the classifier. Pure."""

from inference import FrameRequest, Region
from tablewatch_schemas import CropReady, FrameCommand
from tablewatch_schemas.layout import Layout


def frame_request(ready: CropReady, layout: Layout, jpeg: bytes, crops: bytes) -> FrameRequest:
    """`jpeg` is the whole frame, `crops` the object with its crops back to back; regions are tables with a crop."""
    by_table = {crop.table_id: crops[crop.offset : crop.offset + crop.length] for crop in ready.crops}
    regions = tuple(
        Region(table.table_id, table.polygon, table.top) for table in layout.tables if table.table_id in by_table
    )
    return FrameRequest(
        frame_id=ready.frame_id, site_id=ready.site_id, jpeg=jpeg, regions=regions, crops=by_table,
        camera_id=ready.camera_id, live=ready.run_id is None, ignore=layout.ignore,
    )  # fmt: skip


def dry_run_request(command: FrameCommand, layout: Layout, jpeg: bytes) -> FrameRequest:
    """Of a stored picture; regions are all tables of the layout."""
    return FrameRequest(
        frame_id=command.frame_id, site_id=command.site_id, jpeg=jpeg, camera_id=command.camera_id,
        regions=tuple(Region(table.table_id, table.polygon, table.top) for table in layout.tables),
        ignore=layout.ignore,
    )  # fmt: skip
