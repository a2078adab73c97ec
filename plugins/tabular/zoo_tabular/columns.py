"""The columns that the models take: their ranges in training and their units."""

from collections.abc import Mapping

from zoo import Column, TabularInput

__all__ = [
    "BOSTON",
    "BREAST_CANCER",
    "CALIFORNIA",
    "DIABETES",
    "EXAM_SCORES",
    "PIMA",
    "SINE",
    "THORACIC",
]


def _table(columns: Mapping[str, tuple[float, float, str]]) -> TabularInput:
    """Return the input of columns, each with its range in the data and its unit."""
    return TabularInput(
        columns=tuple(
            Column(name=name, low=low, high=high, unit=unit)
            for name, (low, high, unit) in columns.items()
        )
    )


SINE = _table({"x": (-3.1416, 3.1416, "radians")})
EXAM_SCORES = _table({"study": (0, 7, "hours"), "sleep": (4, 10, "hours")})
BOSTON = _table(
    {
        "crim": (0.00632, 88.9762, "a 1,000 people"),
        "zn": (0, 100, "%"),
        "indus": (0.46, 27.74, "%"),
        "chas": (0, 1, ""),
        "nox": (0.385, 0.871, "parts in 10 million"),
        "rm": (3.561, 8.78, "rooms"),
        "age": (2.9, 100, "%"),
        "dis": (1.1296, 12.1265, ""),
        "rad": (1, 24, ""),
        "tax": (187, 711, "$ a $10,000"),
        "ptratio": (12.6, 22, "pupils a teacher"),
        "b": (0.32, 396.9, ""),
        "lstat": (1.73, 37.97, "%"),
    }
)
DIABETES = _table(
    {
        "age": (19, 79, "years"),
        "sex": (1, 2, ""),
        "bmi": (18, 42.2, "kg/m2"),
        "bp": (62, 133, "mmHg"),
        "s1": (97, 301, "mg/dl"),
        "s2": (41.6, 242.4, "mg/dl"),
        "s3": (22, 99, "mg/dl"),
        "s4": (2, 9.09, ""),
        "s5": (3.2581, 6.107, ""),
        "s6": (58, 124, "mg/dl"),
    }
)
BREAST_CANCER = _table(
    {
        "mean_radius": (6.981, 28.11, ""),
        "mean_texture": (9.71, 39.28, ""),
        "mean_perimeter": (43.79, 188.5, ""),
        "mean_area": (143.5, 2501, ""),
        "mean_smoothness": (0.05263, 0.1634, ""),
        "mean_compactness": (0.01938, 0.3454, ""),
        "mean_concavity": (0, 0.4268, ""),
        "mean_concave_points": (0, 0.2012, ""),
        "mean_symmetry": (0.106, 0.304, ""),
        "mean_fractal_dimension": (0.04996, 0.09744, ""),
        "radius_error": (0.1115, 2.873, ""),
        "texture_error": (0.3602, 4.885, ""),
        "perimeter_error": (0.757, 21.98, ""),
        "area_error": (6.802, 542.2, ""),
        "smoothness_error": (0.001713, 0.03113, ""),
        "compactness_error": (0.002252, 0.1354, ""),
        "concavity_error": (0, 0.396, ""),
        "concave_points_error": (0, 0.05279, ""),
        "symmetry_error": (0.007882, 0.07895, ""),
        "fractal_dimension_error": (0.0008948, 0.02984, ""),
        "worst_radius": (7.93, 36.04, ""),
        "worst_texture": (12.02, 49.54, ""),
        "worst_perimeter": (50.41, 251.2, ""),
        "worst_area": (185.2, 4254, ""),
        "worst_smoothness": (0.07117, 0.2226, ""),
        "worst_compactness": (0.02729, 1.058, ""),
        "worst_concavity": (0, 1.252, ""),
        "worst_concave_points": (0, 0.291, ""),
        "worst_symmetry": (0.1565, 0.6638, ""),
        "worst_fractal_dimension": (0.05504, 0.2075, ""),
    }
)
PIMA = _table(
    {
        "pregnancies": (0, 17, ""),
        "glucose": (0, 199, "mg/dl"),
        "pressure": (0, 122, "mmHg"),
        "skin": (0, 99, "mm"),
        "insulin": (0, 846, "uU/ml"),
        "bmi": (0, 67.1, "kg/m2"),
        "pedigree": (0.078, 2.42, ""),
        "age": (21, 81, "years"),
    }
)
CALIFORNIA = _table(
    {
        "median_income": (0.4999, 15.0001, "ten thousand dollars"),
        "house_age": (1, 52, "years"),
        "rooms": (0.8461, 141.91, "a household"),
        "bedrooms": (0.3333, 34.067, "a household"),
        "population": (3, 35_682, ""),
        "occupancy": (0.6923, 1243.34, "people a household"),
        "latitude": (32.54, 41.95, "degrees"),
        "longitude": (-124.35, -114.31, "degrees"),
    }
)
THORACIC = _table(
    {
        "diagnosis": (1, 8, ""),
        "forced_capacity": (1.44, 6.3, "litres"),
        "forced_second": (0.96, 86.3, "litres"),
        "performance": (0, 2, ""),
        **dict.fromkeys(
            ("pain", "blood", "breathless", "cough", "weakness"), (0, 1, "")
        ),
        "size": (11, 14, ""),
        **dict.fromkeys(
            ("diabetes", "infarct", "arteries", "smoking", "asthma"), (0, 1, "")
        ),
        "age": (21, 87, "years"),
    }
)
