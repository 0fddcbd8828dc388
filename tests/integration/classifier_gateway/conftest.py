from tests.unit.inference.real_model import models_dir

__all__ = ["models_dir"]
