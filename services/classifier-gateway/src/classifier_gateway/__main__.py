"""python -m classifier_gateway"""

from chassis.service import main
from classifier_gateway.settings import Settings
from classifier_gateway.wiring import build

if __name__ == "__main__":
    main("classifier-gateway", Settings, build)
