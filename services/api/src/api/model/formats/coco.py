"""COCO object detection (https://cocodataset.org/#format-data): annotations of one image, in pixels.

Categories: `floor`, `ignore`, `table_top`, and every other one is a table. What COCO has no place for stands in
`attributes`, as CVAT writes them: `label`, `seats`, `table_id`, `section_id`, and of a top `of`, the id of the
annotation of its table.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from api.model.errors import LayoutFormatInvalid
from api.model.formats.shapes import Points, convert, drawing, own_id, pixels, rectangle, relative
from api.model.polygons import area
from api.model.types import Json
from tablewatch_schemas.layout import Layout, Polygon, bounding_box

TABLE, TOP, FLOOR, IGNORE = "table", "table_top", "floor", "ignore"
CATEGORIES = {name: number for number, name in enumerate((TABLE, TOP, FLOOR, IGNORE), start=1)}


class Image(Struct):
    id: int
    width: Annotated[int, Meta(ge=1, le=32768)]
    height: Annotated[int, Meta(ge=1, le=32768)]


class Category(Struct):
    id: int
    name: str


class Attributes(Struct):
    """Ours; others are passed over."""

    label: str | None = None
    seats: int | None = None
    table_id: str | None = None
    section_id: str | None = None
    of: int | None = None


class Annotation(Struct):
    """`segmentation` is a list of polygons, each x, y, x, y, …; run lengths of masks are not read."""

    id: int
    image_id: int
    category_id: int
    segmentation: list[list[float]] | dict[str, msgspec.Raw] = field(default_factory=list)
    bbox: Annotated[list[float], Meta(min_length=4, max_length=4)] | None = None
    attributes: Attributes = field(default_factory=Attributes)


class Coco(Struct):
    images: list[Image]
    annotations: list[Annotation]
    categories: list[Category]


def read(document: Json, camera: str | None) -> Json:
    """A drawing. `camera` is not looked at. Raises LayoutFormatInvalid."""
    found = convert(document, Coco)
    image = _image(found)
    names = {each.id: each.name for each in found.categories}
    tops = {each.attributes.of: each for each in found.annotations if names.get(each.category_id) == TOP}
    tables = list[Json]()
    areas: dict[str | None, list[Points]] = {FLOOR: [], IGNORE: []}
    for each in found.annotations:
        name = names.get(each.category_id)
        if name in areas:
            areas[name].append(_outline(each, image))
        elif name != TOP:
            tables.append(_table(each, len(tables) + 1, tops.get(each.id), image))
    return drawing(image.width, image.height, tables, areas[FLOOR], areas[IGNORE])


def write(layout: Layout, camera: str) -> Json:
    """One image, named after the camera."""
    annotations = list[Json]()
    for table in layout.tables:
        given = {name: getattr(table, name) for name in ("label", "seats", "table_id", "section_id")}
        attributes = {name: value for name, value in given.items() if value is not None}
        annotations.append(_annotation(len(annotations) + 1, TABLE, table.polygon, layout, attributes))
        if table.top is not None:
            of = {"of": len(annotations)}
            annotations.append(_annotation(len(annotations) + 1, TOP, table.top, layout, of))
    for category, outlines in ((FLOOR, layout.floor), (IGNORE, layout.ignore)):
        for outline in outlines:
            annotations.append(_annotation(len(annotations) + 1, category, outline, layout, {}))
    return {
        "images": [{"id": 1, "file_name": f"{camera}.jpg", "width": layout.width, "height": layout.height}],
        "categories": [{"id": number, "name": name} for name, number in CATEGORIES.items()],
        "annotations": annotations,
    }


def _image(document: Coco) -> Image:
    """The one that is annotated."""
    annotated = {each.image_id for each in document.annotations} or {each.id for each in document.images}
    images = [each for each in document.images if each.id in annotated]
    if len(images) != 1 or len(annotated) != 1:
        raise LayoutFormatInvalid(f"One image has to be annotated; here it is {len(annotated)}.")
    return images[0]


def _table(annotation: Annotation, number: int, top: Annotation | None, image: Image) -> Json:
    given = annotation.attributes
    return {
        "table_id": own_id(given.table_id),
        "label": given.label or str(number),
        "seats": given.seats,
        "section_id": given.section_id,
        "polygon": _outline(annotation, image),
        "top": None if top is None else _outline(top, image),
    }


def _outline(annotation: Annotation, image: Image) -> Points:
    """Its largest polygon, else its box."""
    if isinstance(annotation.segmentation, dict):
        raise LayoutFormatInvalid(f"Annotation {annotation.id} is a mask of run lengths; export it as a polygon.")
    if not annotation.segmentation and annotation.bbox is not None:
        x, y, width, height = annotation.bbox
        return relative(rectangle(x, y, x + width, y + height), image.width, image.height)
    rings = [[[x, y] for x, y in zip(ring[::2], ring[1::2], strict=False)] for ring in annotation.segmentation]
    if not rings:
        raise LayoutFormatInvalid(f"Annotation {annotation.id} has neither a segmentation nor a bbox.")
    return relative(max(rings, key=lambda ring: area(tuple((x, y) for x, y in ring))), image.width, image.height)


def _annotation(number: int, category: str, outline: Polygon, layout: Layout, attributes: Json) -> Json:
    corners = pixels(outline, layout.width, layout.height)
    x1, y1, x2, y2 = bounding_box(tuple((x, y) for x, y in corners))
    return {
        "id": number,
        "image_id": 1,
        "category_id": CATEGORIES[category],
        "segmentation": [[value for point in corners for value in point]],
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": area(outline) * layout.width * layout.height,
        "iscrowd": 0,
        "attributes": attributes,
    }
