"""Bad rows are rejected by name."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.fluxion.shop import Shop


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("ubicaciones VALUES (2, 'Nueva', 'MARACAIBO', 'tienda')", "ubicaciones_region_is_known"),
        ("ubicaciones VALUES (2, 'Nueva', 'CARACAS', 'kiosco')", "ubicaciones_tipo_is_known"),
        ("ubicaciones VALUES (2, ' ', 'CARACAS', 'tienda')", "ubicaciones_nombre_is_not_blank"),
        ("ubicaciones VALUES (2, 'Tienda Chacao', 'CARACAS', 'tienda')", "ubicaciones_nombre_key"),
        ("almacenes VALUES (2, 'PISO', 'Piso')", "almacenes_ubicacion_id_fkey"),
        ("almacenes VALUES (1, 'piso', 'Piso')", "almacenes_codigo_is_a_code"),
        ("almacenes VALUES (1, 'FRIO', '')", "almacenes_nombre_is_not_blank"),
        ("productos VALUES (2, 'SKU-1', 'Té', 'Víveres', 'UND', 1, 2)", "productos_sku_key"),
        ("productos VALUES (2, '', 'Té', 'Víveres', 'UND', 1, 2)", "productos_sku_is_not_blank"),
        ("productos VALUES (2, 'SKU-2', 'Té', 'Víveres', 'LB', 1, 2)", "productos_unidad_is_known"),
        ("productos VALUES (2, 'SKU-2', 'Té', 'Víveres', 'UND', -1, 2)", "productos_costo_is_an_amount"),
        ("productos VALUES (2, 'SKU-2', 'Té', 'Víveres', 'UND', 1, 'NaN')", "productos_precio_is_an_amount"),
        ("inventario VALUES (1, 'FRIO', 1, 1)", "inventario_ubicacion_id_almacen_codigo_fkey"),
        ("inventario VALUES (1, 'PISO', 2, 1)", "inventario_producto_id_fkey"),
        ("inventario VALUES (1, 'PISO', 1, 1)", "inventario_pkey"),
        ("inventario VALUES (1, 'PISO', 1, 'NaN')", "inventario_cantidad_is_a_number"),
        ("inventario VALUES (1, 'PISO', 1, 1, 'infinity')", "inventario_actualizado_en_is_finite"),
        ("ventas VALUES (1, now(), 1, 'FRIO', 1, 1, 1)", "ventas_ubicacion_id_almacen_codigo_fkey"),
        ("ventas VALUES (1, now(), 1, 'PISO', 2, 1, 1)", "ventas_producto_id_fkey"),
        ("ventas VALUES (1, now(), 1, 'PISO', 1, 0, 1)", "ventas_cantidad_is_positive"),
        ("ventas VALUES (1, now(), 1, 'PISO', 1, 'NaN', 1)", "ventas_cantidad_is_positive"),
        ("ventas VALUES (1, now(), 1, 'PISO', 1, 1, -0.01)", "ventas_precio_unitario_is_an_amount"),
        ("ventas VALUES (1, 'infinity', 1, 'PISO', 1, 1, 1)", "ventas_fecha_is_finite"),
    ],
)
def test_a_bad_row_is_rejected_by_name(shop: Shop, statement: str, constraint: str) -> None:
    shop.stock(1, "1")
    with pytest.raises(psycopg.errors.IntegrityError) as rejected:
        shop.connection.execute(f"INSERT INTO fluxion.{statement}")
    assert rejected.value.diag.constraint_name == constraint
